#!/usr/bin/env python3
"""Plays Entra ID against `transom serve` in front of a real JupyterHub, and looks at each result with JupyterHub's own API.
Prints "N passed, N failed". Leaves JupyterHub as it found it."""
import os
import pathlib
import sys
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import served

HUB, HUB_TOKEN = os.environ.get("JUPYTERHUB_URL", "http://127.0.0.1:8881") + "/hub/api", "b" * 40
ADMIN = "urn:jupyterhub:params:scim:schemas:User"
passed = failed = 0


def ok(what, condition, seen=""):
    global passed, failed
    passed, failed = (passed + 1, failed) if condition else (passed, failed + 1)
    if not condition:
        print("FAIL", what, "--", str(seen)[:600])


def hub(method, path, body=None):
    return served.send(method, HUB + path, {"Authorization": "token " + HUB_TOKEN}, body)


def q(filter):
    return "?filter=" + urllib.parse.quote(filter)


def users(name):
    return (hub("GET", "/groups/" + urllib.parse.quote(name, safe=""))[1] or {}).get("users")


def exercise():
    # Test Connection
    s, r = scim("GET", "/Users" + q('userName eq "0b7c3f6e-nobody"'))
    ok("nobody is an empty list", s == 200 and r["totalResults"] == 0, (s, r))
    s, r = scim("GET", "/ServiceProviderConfig")
    ok("ServiceProviderConfig", s == 200 and r["patch"]["supported"], (s, r))
    s, r = scim("GET", "/ResourceTypes")
    ok("two resource types", s == 200 and r["totalResults"] == 2, (s, r))
    s, r = scim("GET", "/Users", token="wrong")
    ok("a client's wrong token is 401", s == 401, (s, r))
    s, r = scim("GET", "/Users", target="wrong")
    ok("the gateway's own wrong credential is 502", s == 502, (s, r))
    s, r = scim("POST", "/Users", {"userName": "live-x"}, target="wrong")
    ok("and on a create", s == 502 and hub("GET", "/users/live-x")[0] == 404, (s, r))

    # create
    new = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "externalId": "e-1", "userName": "Live-A@Contoso.test",
           "active": True, "displayName": "A", "emails": [{"primary": True, "type": "work", "value": "a@contoso.test"}],
           "name": {"formatted": "A B", "givenName": "A", "familyName": "B"}, "meta": {"resourceType": "User"}}
    s, a = scim("POST", "/Users", new)
    ok("create", s == 201 and a["userName"].lower() == "live-a@contoso.test" and a["active"] is True and a["externalId"] == "e-1", (s, a))
    ida = a["id"]
    s, r = hub("GET", "/users/live-a@contoso.test")
    ok("JupyterHub has her", s == 200 and r["admin"] is False, (s, r))
    s, r = scim("POST", "/Users", new)
    ok("a duplicate is 409 uniqueness", s == 409 and r["scimType"] == "uniqueness", (s, r))
    s, r = scim("POST", "/Users", {"userName": "LIVE-A@contoso.TEST"})
    ok("in other letters too", s == 409, (s, r))
    s, r = scim("POST", "/Users", {"userName": "live-off", "active": False})
    ok("nobody is made inactive", s == 400 and hub("GET", "/users/live-off")[0] == 404, (s, r))
    s, r = scim("POST", "/Users", {"userName": "a/b"})
    ok("a name with a slash is 400", s == 400 and r["scimType"] == "invalidValue", (s, r))
    s, r = scim("POST", "/Users", {"userName": "..."})
    ok("a name of dots is 400, with JupyterHub's words", s == 400 and "Invalid username" in r["detail"], (s, r))
    s, r = scim("POST", "/Users", {"active": True})
    ok("no userName is 400", s == 400, (s, r))
    s, r = scim("POST", "/Users", {"userName": "live-root", ADMIN: {"admin": True}})
    ok("who is no admin makes none: 403", s == 403 and "Only admins" in r["detail"] and hub("GET", "/users/live-root")[0] == 404, (s, r))
    s, b = scim("POST", "/Users", {"userName": "live_b %ü"})
    ok("an odd name", s == 201 and b["userName"] == "live_b %ü", (s, b))
    ok("JupyterHub has it", hub("GET", "/users/" + urllib.parse.quote("live_b %ü"))[0] == 200)

    # read, find
    s, r = scim("GET", "/Users/" + ida)
    ok("read", s == 200 and r["id"] == ida and r["externalId"] == "e-1" and "created" in r["meta"], (s, r))
    s, r = scim("GET", "/Users/0b7c3f6e")
    ok("an unknown id is 404", s == 404, (s, r))
    for name, who in (("live-a@contoso.test", ida), ("LIVE-a@Contoso.test", ida), ("live_b %ü", b["id"])):
        s, r = scim("GET", "/Users" + q(f'userName eq "{name}"'))
        ok("find " + name, s == 200 and [x["id"] for x in r["Resources"]] == [who], (s, r))
    s, r = scim("GET", "/Users" + q('userName eq "live-a"'))
    ok("a part of a name finds nobody", s == 200 and r["totalResults"] == 0, (s, r))
    s, r = scim("GET", "/Users" + q('externalId eq "e-1"'))
    ok("find by externalId", s == 200 and [x["id"] for x in r["Resources"]] == [ida], (s, r))

    # PATCH
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": "active", "value": "False"})
    ok("a deactivation is refused", s == 400 and hub("GET", "/users/live-a@contoso.test")[0] == 200, (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": "active", "value": "True"})
    ok("an activation is taken", s == 200 and r["active"] is True, (s, r))
    s, r = patch("/Users/" + ida, {"op": "Add", "path": "externalId", "value": "e-2"})
    ok("externalId", s == 200 and scim("GET", "/Users/" + ida)[1]["externalId"] == "e-2", (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": "userName", "value": "live-a@contoso.test"})
    ok("the same name again", s == 200 and hub("GET", "/users/live-a@contoso.test")[0] == 200, (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": "userName", "value": "Live-A@contoso.test"})
    ok("the same name in other letters is 409", s == 409 and hub("GET", "/users/live-a@contoso.test")[0] == 200, (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": "userName", "value": "live_b %ü"})
    ok("a taken name is 409", s == 409 and r["scimType"] == "uniqueness", (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": "userName", "value": "live-c@contoso.test"}, {"op": "Replace", "path": "externalId", "value": "e-3"})
    ok("a rename keeps the id", s == 200 and r["id"] == ida and r["userName"] == "live-c@contoso.test" and r["externalId"] == "e-3", (s, r))
    ok("JupyterHub renamed her", hub("GET", "/users/live-c@contoso.test")[0] == 200 and hub("GET", "/users/live-a@contoso.test")[0] == 404)
    s, r = scim("GET", "/Users/" + ida)
    ok("and she is read under the old id", s == 200 and r["userName"] == "live-c@contoso.test", (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": ADMIN + ":admin", "value": True})
    ok("who is no admin makes none by PATCH: 403", s == 403, (s, r))
    s, r = patch("/Users/" + ida, {"op": "Replace", "path": ADMIN + ":admin", "value": False})
    ok("admin false is what it is", s == 200, (s, r))
    s, r = scim("PUT", "/Users/" + ida, {"schemas": new["schemas"], "userName": "live-d@contoso.test", "externalId": "e-4", "active": True})
    ok("PUT renames", s == 200 and r["userName"] == "live-d@contoso.test" and hub("GET", "/users/live-d@contoso.test")[0] == 200, (s, r))

    # groups
    s, g = scim("POST", "/Groups", {"displayName": "live Physics/101", "externalId": "g-1", "members": [{"value": ida}]})
    ok("a group with a member", s == 201, (s, g))
    ok("JupyterHub has both", users("live Physics/101") == ["live-d@contoso.test"], users("live Physics/101"))
    gid = "/Groups/" + g.get("id", "none")
    s, r = scim("POST", "/Groups", {"displayName": "live Physics/101"})
    ok("a duplicate group is 409", s == 409, (s, r))
    s, r = scim("GET", "/Groups" + q('displayName eq "live Physics/101"') + "&excludedAttributes=members")
    ok("find a group", s == 200 and r["totalResults"] == 1 and "members" not in r["Resources"][0], (s, r))
    s, r = scim("GET", "/Groups" + q('displayName eq "live physics/101"'))
    ok("case matters", s == 200 and r["totalResults"] == 0, (s, r))
    s, r = patch(gid, {"op": "Add", "path": "members", "value": [{"value": b["id"]}]})
    ok("add", s in (200, 204) and users("live Physics/101") == ["live-d@contoso.test", "live_b %ü"], (s, r))
    s, r = patch(gid, {"op": "Add", "path": "members", "value": [{"value": b["id"]}]})
    ok("add again", s in (200, 204) and len(users("live Physics/101")) == 2, (s, r))
    s, r = scim("GET", gid)
    ok("members are read as ids", s == 200 and {m["value"] for m in r["members"]} == {ida, b["id"]}, (s, r))
    s, r = scim("GET", "/Users/" + b["id"])
    ok("the user shows the group", s == 200 and [x["value"] for x in r.get("groups", [])] == [g.get("id")], (s, r))
    s, r = patch(gid, {"op": "Add", "path": "members", "value": [{"value": "0b7c3f6e"}]})
    ok("a member nobody knows is 400", s == 400 and len(users("live Physics/101")) == 2, (s, r))
    s, r = patch(gid, {"op": "Remove", "path": "members", "value": [{"value": b["id"]}]})
    ok("remove, as Entra writes it", s in (200, 204) and users("live Physics/101") == ["live-d@contoso.test"], (s, r))
    s, r = patch(gid, {"op": "Remove", "path": f'members[value eq "{b["id"]}"]'})
    ok("remove again", s in (200, 204), (s, r))
    s, r = patch(gid, {"op": "Replace", "path": "displayName", "value": "live Chemistry"})
    ok("a group cannot be renamed: 400 mutability", s == 400 and r["scimType"] == "mutability", (s, r))
    s, r = patch(gid, {"op": "Replace", "path": "members", "value": [{"value": b["id"]}]})
    ok("replace members", s in (200, 204) and users("live Physics/101") == ["live_b %ü"], (s, r))

    # delete
    s, r = scim("DELETE", "/Users/" + b["id"])
    ok("delete a user", s == 204 and hub("GET", "/users/" + urllib.parse.quote("live_b %ü"))[0] == 404, (s, r))
    ok("and again: 404", scim("DELETE", "/Users/" + b["id"])[0] == 404)
    ok("and read: 404", scim("GET", "/Users/" + b["id"])[0] == 404)
    s, r = patch(gid, {"op": "Remove", "path": "members", "value": [{"value": b["id"]}]})
    ok("remove whom nobody knows any more", s in (200, 204), (s, r))
    s, r = scim("DELETE", gid)
    ok("delete a group", s == 204 and hub("GET", "/groups/live%20Physics%2F101")[0] == 404, (s, r))
    ok("and again: 404", scim("DELETE", gid)[0] == 404)
    hub("DELETE", "/users/live-d@contoso.test")
    s, r = scim("GET", "/Users/" + ida)
    ok("who was deleted over there is 404", s == 404, (s, r))
    s, r = scim("POST", "/Users", new)
    ok("and can be made again", s == 201 and r["externalId"] == "e-1", (s, r))
    ok("and deleted", scim("DELETE", "/Users/" + r["id"])[0] == 204)

    # pages
    names = [f"live-{n:03}" for n in range(250)]
    hub("POST", "/users", {"usernames": names})
    s, r = scim("GET", "/Users?count=0")
    ok("250 in all", s == 200 and r["totalResults"] == 250, (s, r))
    seen, start = [], 1
    while start <= 250:
        s, r = scim("GET", f"/Users?startIndex={start}&count=100")
        ok(f"page from {start}", s == 200 and r["itemsPerPage"] == min(100, 251 - start), (s, str(r)[:200]))
        seen += [x["userName"] for x in r["Resources"]]
        start += max(1, r["itemsPerPage"])
    ok("all of them, each once, in order", seen == names, len(seen))
    s, r = scim("GET", "/Users?count=250")
    ok("all at once, over two pages of JupyterHub's", s == 200 and len({x["id"] for x in r["Resources"]}) == 250, (s, str(r)[:200]))
    s, r = scim("GET", "/Users?startIndex=197&count=7")
    ok("any window", [x["userName"] for x in r["Resources"]] == names[196:203], str(r)[:300])
    s, r = scim("GET", "/Users" + q('userName eq "LIVE-249"'))
    ok("the last is found", s == 200 and r["totalResults"] == 1, (s, r))
    s, r = scim("GET", "/Users" + q('userName sw "live-24"'))
    ok("a filter that no call answers is answered or refused, never empty", s == 400 or r["totalResults"] == 10, (s, str(r)[:300]))
    check = gateway.check_connect("jupyterhub")
    ok("check --connect", check.returncode == 0 and " WRONG " not in check.stdout, check.stdout + check.stderr)


def clean():
    mine = [u["name"] for u in hub("GET", "/users?limit=200")[1]] + [u["name"] for u in hub("GET", "/users?limit=200&offset=200")[1]]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: hub("DELETE", "/users/" + urllib.parse.quote(n)), [n for n in mine if n.startswith("live")]))
    for g in hub("GET", "/groups")[1]:
        if g["name"].startswith("live"):
            hub("DELETE", "/groups/" + urllib.parse.quote(g["name"], safe=""))


clean()
with served.gateway("jupyterhub", HUB, {"jupyterhub": {"token": HUB_TOKEN}, "wrong": {"token": "wrong"}}) as gateway:
    scim, patch = gateway.scim, gateway.patch
    try:
        exercise()
    finally:
        clean()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
