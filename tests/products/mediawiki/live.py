#!/usr/bin/env python3
"""Entra ID against MediaWiki through transom; each result is checked with the wiki's own API."""
import http.cookiejar
import json
import os
import pathlib
import sys
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import served

URL = os.environ.get("MEDIAWIKI_URL", "http://127.0.0.1:8890")
WIKI = URL + "/api.php"
serving = served.gateway("mediawiki", URL, {"mediawiki": {"user": "Admin", "password": "admin-password-1"}, "wrong": {"user": "Admin", "password": "wrong"}})
gateway = serving.__enter__()
scim, patch = gateway.scim, gateway.patch
TOKEN = gateway.tokens["mediawiki"]
run = "%x" % int(time.time())
passed = failed = 0

def check(what, ok, seen=None):
    global passed, failed
    if ok: passed += 1
    else:
        failed += 1
        print("FAIL", what, "" if seen is None else json.dumps(seen)[:600])

jar = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
def wiki(post=None, **q):
    q.update(format="json", formatversion="2")
    d = None if post is None else urllib.parse.urlencode(post).encode()
    return json.load(jar.open(WIKI + "?" + urllib.parse.urlencode(q), d, 60))
t = wiki(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
wiki(dict(lgname="Admin", lgpassword="admin-password-1", lgtoken=t), action="login")
def account(name):
    return wiki(action="query", list="users", ususers=name, usprop="blockinfo|groups")["query"]["users"][0]
def count(): return wiki(action="query", meta="siteinfo", siprop="statistics")["query"]["statistics"]["users"]

def find(name):
    return scim("GET", "/Users?filter=" + urllib.parse.quote('userName eq "%s"' % name))
def user(name, **more):
    return dict({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": "x-" + name, "active": True,
        "displayName": "Test " + name, "emails": [{"primary": True, "type": "work", "value": "w@example.com"}]}, **more)
q = urllib.parse.quote

# Test Connection
s, b = find("nobody-" + run); check("nobody is an empty list", s == 200 and b["totalResults"] == 0, [s, b])
# create
upn = "mo_%s@contoso.test" % run
wikiname = ("Mo_%s(at)contoso.test" % run).replace("_", " ")
s, b = scim("POST", "/Users", user(upn)); check("create is 201", s == 201, [s, b])
uid = b.get("id", "?"); path = "/Users/" + q(uid, safe="")
check("comes back as sent", b.get("userName") == upn and b.get("active") is True and b.get("externalId") == "x-" + upn and b["emails"][0]["value"] == "w@example.com", b)
a = account(wikiname); check("the wiki has it", "userid" in a and "blockid" not in a, a)
a = wiki(action="query", list="users", ususers=wikiname, usprop="emailable")["query"]["users"][0]; check("wiki knows", "missing" not in a, a)
s, b = scim("GET", path); check("read", s == 200 and b["userName"] == upn, [s, b])
# duplicates
n = count()
s, b = scim("POST", "/Users", user(upn)); check("duplicate is 409 uniqueness", s == 409 and b.get("scimType") == "uniqueness", [s, b])
s, b = scim("POST", "/Users", user("admin")); check("duplicate of an account of the wiki's own", s == 409 and b.get("scimType") == "uniqueness", [s, b])
s, b = scim("POST", "/Users", user(upn.upper())); check("duplicate in other case", s == 409, [s, b])
check("no account more", count() == n, [n, count()])
s, b = scim("POST", "/Users", user("bad|name[]" + run)); check("a bad name is 400", s == 400, [s, b])
check("no account more", count() == n)
# filter
s, b = find(upn); check("found by userName", s == 200 and b["totalResults"] == 1 and b["Resources"][0]["id"] == uid, [s, b])
s, b = find(upn.upper()); check("found in upper case", s == 200 and b["totalResults"] == 1, [s, b])
s, b = find("admin"); check("finds admin", s == 200 and b["totalResults"] == 1, [s, b])
s, b = find("Admin|" + wikiname); check("a pipe is no two names", s in (200, 400) and not (b.get("Resources")), [s, b])
s, b = scim("GET", "/Users?filter=" + q('externalId eq "x-%s"' % upn)); check("found by externalId", s == 200 and b["totalResults"] == 1, [s, b])
# active
for value, want in (("False", False), (True, True), (False, False), (False, False), ("True", True), (True, True)):
    s, b = patch(path, {"op": "Replace", "path": "active", "value": value})
    check("active %r" % value, s in (200, 204) and (b or {}).get("active", want) is want, [s, b])
    a = account(wikiname); check("the wiki: active %r" % value, ("blockid" in a) is not want, a)
s, b = scim("POST", "/Users", user("off" + run, active=False)); check("create inactive", s == 201 and b["active"] is False, [s, b])
a = account("Off" + run); check("the wiki blocks it", a.get("blockpartial") is False, a)
off = b.get("id", "?")
# a partial block made in the wiki
csrf = wiki(action="query", meta="tokens")["query"]["tokens"]["csrftoken"]
s, b = scim("GET", "/Users/" + q(off)); check("reads inactive", b.get("active") is False, b)
r = wiki(dict(user="Off" + run, partial="1", namespacerestrictions="0", reblock="1", allowusertalk="1", token=csrf), action="block")
s, b = scim("GET", "/Users/" + q(off)); check("a partial block is active", b.get("active") is True, [b, r])
s, b = patch("/Users/" + q(off), {"op": "Replace", "path": "active", "value": "False"}); check("a partial block becomes whole", s == 200 and account("Off" + run).get("blockpartial") is False, [s, b])
# PATCH of what is kept, and of what cannot change
s, b = patch(path, {"op": "Replace", "path": "displayName", "value": "New"}); check("displayName", s == 200 and b["displayName"] == "New", [s, b])
s, b = patch(path, {"op": "Replace", "path": "userName", "value": "other" + run}); check("userName cannot change", s == 400 and b.get("scimType") == "mutability", [s, b])
s, b = patch(path, {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "n@example.com"}); check("emails cannot change", s == 400, [s, b])
# groups
s, b = scim("GET", "/Groups"); check("the groups", s == 200 and {g["displayName"] for g in b["Resources"]} >= {"sysop", "bot"}, [s, b])
s, b = scim("GET", "/Groups?filter=" + q('displayName eq "bot"')); check("a group by name", s == 200 and b["totalResults"] == 1, [s, b])
bot = "/Groups/" + b["Resources"][0]["id"]
s, b = patch(bot, {"op": "Add", "path": "members", "value": [{"value": uid}, {"value": off}]}); check("members added", s in (200, 204), [s, b])
check("the wiki: bots", "bot" in account(wikiname)["groups"] and "bot" in account("Off" + run)["groups"])
s, b = scim("GET", bot); check("members are shown", s == 200 and {uid, off} <= {m["value"] for m in b["members"]}, [s, b])
s, b = scim("GET", path); check("groups of the user", [g["value"] for g in b.get("groups", [])] == [bot.split("/")[-1]], b)
s, b = patch(bot, {"op": "Add", "path": "members", "value": [{"value": uid}]}); check("added twice", s in (200, 204), [s, b])
s, b = patch(bot, {"op": "Remove", "path": 'members[value eq "%s"]' % off}); check("member removed", s in (200, 204), [s, b])
check("the wiki: one bot", "bot" in account(wikiname)["groups"] and "bot" not in account("Off" + run)["groups"])
s, b = patch(bot, {"op": "Remove", "path": "members", "value": [{"value": uid}]}); check("member removed, Entra's way", s in (200, 204), [s, b])
check("the wiki: no bot", "bot" not in account(wikiname)["groups"])
s, b = patch(bot, {"op": "Add", "path": "members", "value": [{"value": "Nobody" + run}]}); check("an unknown member is 400", s == 400, [s, b])
s, b = scim("POST", "/Groups", {"displayName": "new"}); check("no new group", s in (501, 405, 403), [s, b])
# what only the account itself may see
s, b = scim("POST", "/Users", user("self" + run, password="Aq9-lmn-" + run)); check("create with a password", s == 201 and "password" not in b, [s, b])
own = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())); admin, jar = jar, own
t = wiki(action="query", meta="tokens", type="login")["query"]["tokens"]["logintoken"]
r = wiki(dict(lgname="Self" + run, lgpassword="Aq9-lmn-" + run, lgtoken=t), action="login"); check("logs in there", r["login"]["result"] == "Success", r)
r = wiki(action="query", meta="userinfo", uiprop="email|realname")["query"]["userinfo"]; check("email and name are there", r.get("email") == "w@example.com" and r.get("realname") == "Test self" + run, r)
jar = admin
# absent, delete
s, b = scim("GET", "/Users/Nobody" + run); check("nobody is 404", s == 404, [s, b])
s, b = scim("GET", "/Users/" + q("Admin|" + uid, safe="")); check("two keys are 404", s in (400, 404), [s, b])
s, b = scim("GET", "/Users/admin"); check("another spelling is 404", s == 404, [s, b])
s, b = scim("DELETE", path); check("no delete", s == 501, [s, b]); check("still there", "userid" in account(wikiname))
# wrong credentials
s, b = find_wrong = scim("GET", "/Users", token="tsm_nonsense"); check("wrong client token is 401", s == 401, [s, b])
s, b = scim("GET", "/Users?filter=" + q('userName eq "admin"'), target="wrong"); check("the wiki refuses our password: 502", s == 502, [s, b])
s, b = scim("GET", "/Users", target="wrong", token=TOKEN); check("token of another target is 403", s == 403, [s, b])
# 60 users over pages
have = scim("GET", "/Users?count=0")[1]["totalResults"]
with ThreadPoolExecutor(8) as pool:
    got = list(pool.map(lambda i: scim("POST", "/Users", user("many%s%02d" % (run, i))), range(60)))
check("60 made", all(s == 201 for s, _ in got), [g for g in got if g[0] != 201][:2])
seen, start = [], 1
while True:
    s, b = scim("GET", "/Users?startIndex=%d&count=25" % start)
    if s != 200 or not b.get("Resources"): break
    check("total", b["totalResults"] == have + 60, [b["totalResults"], have])
    seen += [r["id"] for r in b["Resources"]]; start += len(b["Resources"])
check("all over pages, nobody twice", len(seen) == have + 60 == len(set(seen)), [len(seen), len(set(seen)), have])
names, more = [], {}
while True:
    a = wiki(action="query", list="allusers", aulimit="500", **more); names += [u["name"] for u in a["query"]["allusers"]]
    if "continue" not in a: break
    more = a["continue"]
check("the same as the wiki's", set(seen) == set(names) - {"MediaWiki default"}, sorted(set(seen) ^ set(names))[:5])
s, b = scim("GET", "/Users?startIndex=41&count=7"); check("a window", s == 200 and [r["id"] for r in b["Resources"]] == seen[40:47], [s])
serving.__exit__(None, None, None)
print("%d passed, %d failed" % (passed, failed)); sys.exit(failed > 0)
