// What is wrong with how a page lies in its window; a list of lines. `touched`: fields and buttons have to be large
// enough for a finger.
(touched) => {
  const faults = [];
  const width = document.documentElement.clientWidth;
  const said = (one) => `<${one.tagName.toLowerCase()} ${one.className || one.id}> ${one.textContent.trim().slice(0, 20)}`;
  if (document.documentElement.scrollWidth > width) {
    faults.push(`scrolls sideways: ${document.documentElement.scrollWidth} of ${width} pixels`);
  }
  for (const one of document.querySelectorAll("body *")) {
    const box = one.getBoundingClientRect();
    if (one.closest(".trap, .skip") || !box.width) {
      continue;
    }
    if (box.left < -1 || box.right > width + 1) {
      faults.push(`stands outside: ${said(one)} ${box.left} to ${box.right} of ${width}`);
    }
    const style = getComputedStyle(one);
    const hides = style.overflowX !== "visible" && style.textOverflow !== "ellipsis" && !one.matches("input, textarea");
    if (hides && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)) {
      faults.push(`is cut off: ${said(one)}`);
    }
    const finger = one.matches("button, .button, .choice, input[type=text], input[type=tel], input[type=email], textarea");
    if (touched && finger && box.height < 44) {
      faults.push(`is ${box.height} pixels high, less than a finger: ${said(one)}`);
    }
  }
  return faults;
}
