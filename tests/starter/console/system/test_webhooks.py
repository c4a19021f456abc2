"""`bihuan webhook list` and `bihuan webhook test`, as an operator uses them (R47)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from activities.database.database import Database
from activities.webhooks.switch import Switch
from tests.activities.channels.vendors.vendor_server import ok, vendor_server
from tests.activities.webhooks.told import SECRET, is_signed
from tests.starter.command_line import bihuan, make_installation
from worker.installation.settings import Settings

TOKEN = "T0pSecret"


def written(folder: Path, url: str) -> Path:
    (folder / "shop.secret").write_text(f"{SECRET}\n")
    (folder / "bihuan.toml").write_text(
        f'[webhooks.shop]\nurl = "{url}/hook?token={TOKEN}"\nsecret_file = "shop.secret"\n'
        'allow_private = ["127.0.0.1"]\nevents = ["closed"]\n'
    )
    return folder


def test_the_systems_are_listed_without_their_tokens_and_secrets(tmp_path: Path) -> None:
    listed = bihuan("webhook", "list", "--json", folder=written(tmp_path, "http://127.0.0.1:9"))
    (shop,) = json.loads(listed.stdout)
    assert (shop["name"], shop["place"], shop["events"], shop["secrets"]) == ("shop", "127.0.0.1:9", ["closed"], 1)
    shown = bihuan("webhook", "list", folder=tmp_path)
    assert "127.0.0.1:9" in shown.stdout
    assert not any(word in f"{listed} {shown}" for word in (SECRET, TOKEN))


async def test_a_system_is_tried_and_one_that_takes_it_again_is_turned_on(tmp_path: Path) -> None:
    make_installation(tmp_path)
    answers = [ok(b"", "204 No Content"), ok(b"", "500 Oh", X=TOKEN), ok(b"")]
    async with vendor_server(lambda _: answers.pop(0)) as shop:
        database = Database.open(Settings(data=tmp_path / "bihuan-data").database)
        switch = Switch(database, "shop", f"{shop.url}/hook?token={TOKEN}")
        await switch.turn(on=False)
        written(tmp_path, shop.url)

        async def tried(*arguments: str, name: str = "shop") -> tuple[int, str]:
            done = await asyncio.to_thread(bihuan, "webhook", "test", name, *arguments, folder=tmp_path)
            assert not any(word in f"{done}" for word in (SECRET, TOKEN))
            return done.returncode, (done.stdout + done.stderr).strip()

        code, said = await tried()
        assert (code, said.startswith("webhook shop: takes it (status 204, ")) == (0, True)
        assert await switch.off_since() is None
        await database.close()
        assert await tried() == (1, "bihuan: webhook shop: it answers status 500")
        code, said = await tried("--json")
        assert {key: json.loads(said)[key] for key in ("name", "status", "taken", "error")} == {
            "name": "shop", "status": 200, "taken": True, "error": None,
        }  # fmt: skip
        assert await tried(name="till") == (1, "bihuan: webhook till: there is none of that name; there are: shop")
    assert all(is_signed(one) for one in shop.received)
    assert json.loads(shop.received[0].body)["type"] == "ping"
    code, said = await tried()
    assert (code, said.startswith("bihuan: webhook shop: 127.0.0.1:")) == (1, True)
    assert "cannot be reached: ConnectError" in said
