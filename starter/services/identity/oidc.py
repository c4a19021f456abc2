"""The company's sign-on by OpenID Connect: code, PKCE, state and nonce; nothing of it is believed unchecked (R45)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx2
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from activities.channels.address import endpoint_fault
from activities.channels.http import trusted
from activities.document_text import parse_json_object
from activities.identity.sign_ins import SignIns
from starter.services.identity.sign_in import person_of_address
from workflows.domain.model import one_line
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import SignInWay

if TYPE_CHECKING:
    from activities.identity.sign_ins import SignIn
    from worker.installation.sign_on import Oidc
    from workflows.domain.organisation.organisation import Organisation, Person

CALLBACK: Final = "/sign-in/callback"
"""Where the provider sends people back to, behind the address of the pages."""
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Of signatures with a provider's own key; never none, and never a secret that we know as well."""
_LEEWAY: Final = 60
"""Seconds that the provider's clock may be ahead or behind."""
_TIMEOUT: Final = httpx2.Timeout(10.0, connect=5.0)
_WITHIN: Final = 20.0
"""Seconds for the whole of an answer."""
_LARGEST: Final = 1_000_000
_KEPT: Final = timedelta(minutes=10)
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_CALLED_ANEW: Final = timedelta(seconds=30)
"""Between two looks at the provider's keys because of a token with an unknown one."""

# It logs the address of every request.
logging.getLogger("httpx2").setLevel(logging.WARNING)


class SignOnRefusedError(Problem):
    """The provider's answer is not believed, or says nobody of the organisation; the text has no secret."""


@dataclass
class SignOn:
    """The provider, as far as it is known; one a process. What it says of itself is asked again after ten minutes."""

    settings: Oidc
    redirect_uri: str
    _about: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _asked_at: datetime | None = None
    _keys_at: datetime | None = None

    async def begin(self, sign_ins: SignIns, *, browser: str, back: str, now: datetime) -> str:
        """The address to send somebody to.

        Raises:
            Problem: the provider does not answer now, or says of itself what cannot be.
        """
        about = await self._metadata(now)
        nonce, verifier = generate_token(43), generate_token(64)
        state = await sign_ins.begin(
            SignInWay.OIDC, browser=browser, back=back, now=now, nonce=nonce, verifier=verifier
        )
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return str(address)

    async def who(self, begun: SignIn, answer: Mapping[str, str], organisation: Organisation, now: datetime) -> Person:
        """The person whom the provider names, in its answer to a sign-in that this browser began.

        Raises:
            SignOnRefusedError: it is not believed, or names nobody of the organisation.
            Problem: the provider does not answer now.
        """
        about = await self._metadata(now)
        if answer.get("iss", about["issuer"]) != about["issuer"]:
            raise SignOnRefusedError("the answer is another provider's")
        if answer.get("error") or not answer.get("code"):
            raise SignOnRefusedError(f"the provider says {one_line(answer.get('error', 'nothing'), 60)}")
        token = await self._token(about["token_endpoint"], answer["code"], begun.verifier)
        claims = await self._claims(token, begun.nonce, about, now)
        return self._person(claims, organisation)

    async def _token(self, address: str, code: str, verifier: str) -> dict[str, Any]:
        settings, secret = self.settings, self.settings.secret
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": verifier, **({} if secret else {"client_id": settings.client_id}),
        }  # fmt: skip
        auth = httpx2.BasicAuth(settings.client_id or "", secret) if secret else None
        status, token = await self._ask("POST", address, data=form, auth=auth)
        if status != HTTPStatus.OK or "error" in token:
            raise SignOnRefusedError(f"the provider refuses the code: {one_line(str(token.get('error', status)), 60)}")
        return token

    async def _claims(
        self, token: Mapping[str, Any], nonce: str, about: Mapping[str, Any], now: datetime
    ) -> Mapping[str, Any]:
        signed = token.get("id_token")
        if not isinstance(signed, str) or len(signed) > _LARGEST:
            raise SignOnRefusedError("the provider gives no id token")
        try:
            try:
                found = jwt.decode(signed, await self._key_set(about, now), algorithms=_ALGORITHMS)
            except (JoseError, ValueError):
                # The provider may have changed its keys a moment ago.
                found = jwt.decode(signed, await self._key_set(about, now, anew=True), algorithms=_ALGORITHMS)
            options: Any = {
                "iss": {"essential": True, "value": about["issuer"]},
                "aud": {"essential": True, "value": self.settings.client_id},
                "nonce": {"essential": True, "value": nonce},
            }
            params = {"nonce": nonce, "client_id": self.settings.client_id, "access_token": token.get("access_token")}
            checked = CodeIDToken(found.claims, found.header, options, params)
            checked.validate(now=int(now.timestamp()), leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignOnRefusedError(f"its id token is not believed: {_what(error)}") from None
        # Some say it in words.
        if str(checked.get("email_verified", True)).lower() != "true":
            raise SignOnRefusedError("the provider has not verified the mail address")
        return dict(checked)

    def _person(self, claims: Mapping[str, Any], organisation: Organisation) -> Person:
        claim = self.settings.claim
        said = claims.get(claim)
        if not isinstance(said, str) or not said.strip():
            raise SignOnRefusedError(f"its id token has no {claim}")
        by_mail = claim == "email"
        person = person_of_address(organisation, said) if by_mail else organisation.person(said.strip())
        if person is None:
            raise SignOnRefusedError("who signed in there is nobody of the organisation")
        return person

    async def _metadata(self, now: datetime) -> dict[str, Any]:
        if self._asked_at is not None and now - self._asked_at < _KEPT:
            return self._about
        issuer = self.settings.issuer or ""
        about = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != issuer:
            raise Problem("the sign-on names another issuer than oidc.issuer; allowed: exactly the same")
        for name in _ENDPOINTS:
            address = about.get(name)
            if not isinstance(address, str) or endpoint_fault(address.partition("?")[0]):
                raise Problem(f"the sign-on's {name} is no address that may be used; allowed: https")
        self._about, self._asked_at = about, now
        return about

    async def _key_set(self, about: Mapping[str, Any], now: datetime, *, anew: bool = False) -> KeySet:
        since = now - self._keys_at if self._keys_at is not None else None
        if self._keys is None or since is None or since > _KEPT or (anew and since > _CALLED_ANEW):
            self._keys = KeySet.import_key_set(await self._get(about["jwks_uri"]))  # type: ignore[arg-type]
            self._keys_at = now
        return self._keys

    async def _get(self, address: str) -> dict[str, Any]:
        status, found = await self._ask("GET", address)
        if status != HTTPStatus.OK:
            raise Problem(f"the sign-on does not answer: {status}")
        return found

    async def _ask(self, method: str, address: str, **sent: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of its answer, which may be endless, or come a letter a second.

        Raises:
            Problem: there is none in time, or it is none.
        """
        received = bytearray()
        headers = {"Accept": "application/json"}
        try:
            async with (
                asyncio.timeout(_WITHIN),
                httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, verify=trusted()) as client,
                client.stream(method, address, headers=headers, **sent) as answer,
            ):
                if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.has_redirect_location:
                    raise Problem(f"the sign-on does not answer: {answer.status_code}")
                async for part in answer.aiter_bytes():
                    received += part
                    if len(received) > _LARGEST:
                        raise Problem("the sign-on says more than can be read")
        except (httpx2.HTTPError, TimeoutError) as error:
            raise Problem(f"the sign-on does not answer: {type(error).__name__}") from None
        try:
            return answer.status_code, parse_json_object(received.decode())
        except (UnicodeDecodeError, Problem):
            raise Problem("the sign-on answers with something that is no JSON object") from None

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.settings.secret,
            token_endpoint_auth_method="client_secret_basic" if self.settings.secret else "none",
            scope=self.settings.scopes,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
            follow_redirects=False,
            verify=trusted(),
        )


def _what(error: Exception) -> str:
    """Which check failed, without what the token says."""
    return one_line(str(getattr(error, "claim", "") or getattr(error, "error", "") or type(error).__name__), 60)
