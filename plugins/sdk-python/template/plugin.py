"""Rotates a token of an account at the API of example.com."""

from urllib.parse import quote

from pamrun import (
    Credential,
    Listed,
    Manifest,
    Plan,
    Plugin,
    Removed,
    Request,
    Undone,
    Update,
    Verified,
    WrongCredential,
    http,
    until_accepted,
)


class Tokens(Plugin):
    manifest: Manifest = {
        "name": "{{name}}",
        "version": "0.1.0",
        "description": "Rotates a token of an account.",
        "strategy": "overlap",
        "records": [
            {"role": "target", "fields": ["account", "token_id"], "plain": ["account", "token_id"]},
            {"role": "attached", "has": ["admin_token"], "fields": ["admin_token"]},
        ],
        "returns": [
            {"label": "token", "place": "custom", "type": "secret"},
            {"label": "token_id", "place": "custom", "type": "text"},
        ],
        "settings": [
            {"key": "api", "type": "text", "default": "api.example.com", "description": "The host of the API."},
            {"key": "expiry_days", "type": "int", "default": 90, "description": "How long a token lives."},
        ],
        "requests": [
            {
                "steps": ["preflight", "rollback"],
                "method": "GET",
                "host": "{setting:api}",
                "path": "/v1/accounts/*",
            },
            {"steps": ["rotate"], "method": "POST", "host": "{setting:api}", "path": "/v1/accounts/*/tokens"},
            {"steps": ["verify"], "method": "GET", "host": "{setting:api}", "path": "/v1/whoami"},
            {
                "steps": ["commit", "rollback"],
                "method": "DELETE",
                "host": "{setting:api}",
                "path": "/v1/accounts/*/tokens/{id}",
                "removes": "{id}",
            },
        ],
    }

    def preflight(self, request: Request) -> Plan:
        old = request.target.get("token_id")
        listed = tokens(request)
        return Plan(
            target=f"{request.setting_text('api')}/{request.target.text('account')}",
            creates=f"one token that lives for {request.setting_int('expiry_days')} days",
            removes=[token for token in listed if token.id == old],
        )

    def rotate(self, request: Request, plan: Plan) -> Credential:
        answer = http.post(
            f"{account(request)}/tokens",
            bearer=admin_token(request),
            json={"name": request.marker, "expires_days": request.setting_int("expiry_days")},
        )
        match answer.expect(201).json():
            case {"id": str(id), "token": str(token), "expires": str(expires)}:
                return Credential(id, [Update.secret("token", token), Update.text("token_id", id)], expires)
        # A token may have been made all the same: the host then looks for the marker.
        raise answer.unclear("and did not show the token")

    def verify(self, request: Request, plan: Plan, credential: Credential) -> Verified:
        def attempt() -> Verified:
            answer = http.get(f"{api(request)}/v1/whoami", bearer=credential.value("token"))
            if answer.status == 401:
                raise WrongCredential("token-rejected", "the new token is not accepted")
            answer.expect(200)
            return Verified()

        # It may take a while until the API accepts a new token everywhere.
        return until_accepted(attempt, seconds=60)

    def commit(self, request: Request, plan: Plan, handle: str) -> list[Removed]:
        return [remove(request, old.id) for old in plan.removes]

    def rollback(self, request: Request, plan: Plan, handle: str | None) -> Undone:
        ours = [token for token in tokens(request) if request.made_this(token.label) or token.id == handle]
        removed = [remove(request, token.id) for token in ours]
        return Undone(seen=[token.id for token in ours], gone=[old.id for old in removed if old.gone])


def api(request: Request) -> str:
    return f"https://{request.setting_text('api')}"


def account(request: Request) -> str:
    return f"{api(request)}/v1/accounts/{quote(request.target.text('account'), safe='')}"


def admin_token(request: Request) -> str:
    return request.record_with("admin_token").text("admin_token")


def tokens(request: Request) -> list[Listed]:
    """The tokens of the account."""
    answer = http.get(account(request), bearer=admin_token(request)).expect(200)
    return [Listed(token["id"], token["name"], token["expires"]) for token in answer.json()["tokens"]]


def remove(request: Request, id: str) -> Removed:
    """Removes a token; one that is not there is gone, too."""
    http.delete(f"{account(request)}/tokens/{quote(id, safe='')}", bearer=admin_token(request)).expect(204, 404)
    return Removed(id, gone=True)
