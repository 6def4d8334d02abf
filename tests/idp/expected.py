"""What accounts must look like after a list of recorded SCIM requests: a small SCIM of its own, which shares nothing with the gateway.

A resource is a dict: attribute names in lower case, sub-attributes in dicts, extension attributes as 'enterprise:department' and
'contosohr:badge'; multi-valued attributes are lists of dicts. Nulls and empty texts are nothing.
"""
import json
import re
import urllib.parse

MULTI = {"emails", "phonenumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509certificates", "members"}
COMPLEX = {"name", "enterprise:manager"}
URNS = {"urn:ietf:params:scim:schemas:core:2.0:user": "", "urn:ietf:params:scim:schemas:core:2.0:group": "",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user": "enterprise:",
        "urn:ietf:params:scim:schemas:extension:contosohr:2.0:user": "contosohr:"}
ENTERPRISE = {"employeenumber", "costcenter", "organization", "division", "department", "manager"}
READ_ONLY = {"id", "schemas", "meta", "groups"}


def expected(records, base):
    """(endpoint, id) -> resource, from the accepted writes in the order they were sent."""
    accounts = {}
    for method, path, body, status, answer in records:
        place = urllib.parse.unquote(path.split("?")[0][len(base):]).strip("/").split("/")
        if status >= 300 or method == "GET" or place[0] not in ("Users", "Groups"):
            continue
        document = json.loads(body) if body else {}
        if method == "POST" and len(place) == 1:
            accounts[place[0], json.loads(answer)["id"]] = resource(document)
        elif method == "PUT":
            password = accounts[tuple(place)].get("password")  # nobody can read it, so leaving it out does not clear it
            accounts[tuple(place)] = {"password": password, **resource(document)}
        elif method == "PATCH":
            patch(accounts[tuple(place)], document)
        elif method == "DELETE":
            gone = accounts.pop(tuple(place))
            forget_member(accounts, place[1], gone)
    return accounts


def forget_member(accounts, key, _):
    for (kind, _), account in accounts.items():
        if kind == "Groups" and "members" in account:
            account["members"] = [one for one in account["members"] if one.get("value") != key]


def resource(document):
    made = {}
    for name, value in document.items():
        merge(made, name, value)
    return made


def patch(account, document):
    operations = {key.lower(): value for key, value in document.items()}["operations"]
    for operation in ({key.lower(): value for key, value in one.items()} for one in operations):
        change, path, value = operation["op"].lower(), operation.get("path"), operation.get("value")
        if not path:
            value = json.loads(value) if isinstance(value, str) else value
            for name, part in value.items():
                merge(account, name, part, adds=change == "add")
        elif change == "remove":
            remove(account, path, value)
        else:
            put(account, path, value, adds=change == "add")


def split(path):
    """(attribute, sub-attribute, (filtered sub-attribute, value)) of a path."""
    text, prefix = path, ""
    for urn, short in URNS.items():
        if path.lower().startswith(urn) and path[len(urn):len(urn) + 1] in (":", ".", ""):
            text, prefix = path[len(urn) + 1:], short
    found = re.match(r'(?P<name>[^.\[]*)(\[\s*(?P<by>[\w$]+)\s+eq\s+"?(?P<is>[^"\]]*)"?\s*\])?(\.(?P<sub>.*))?$', text, re.I)
    name = found["name"].lower()
    if not prefix and name in ENTERPRISE:
        prefix = "enterprise:"
    chosen = (found["by"].lower(), found["is"]) if found["by"] else None
    return prefix + name, (found["sub"] or "").lower() or None, chosen


def merge(account, name, value, adds=False):
    """A name of a body with its value; a URN as name holds an extension's attributes."""
    if name.lower() in URNS:
        for inner, part in (value or {}).items():
            put(account, f"{name}:{inner}", part, adds)
    elif name.lower() not in READ_ONLY:
        put(account, name, value, adds)


def put(account, path, value, adds=False):
    name, sub, chosen = split(path)
    if name in READ_ONLY:
        return
    if name in MULTI and not chosen:
        new = [one for one in map(element, value if isinstance(value, list) else [value]) if one]
        account[name] = joined(account.get(name, []), new) if adds else new
    elif chosen:
        put_chosen(account.setdefault(name, []), sub, chosen, value)
    elif sub:
        inner(account, name)[sub] = scalar(value)
    elif name in COMPLEX:
        put_complex(account, name, value)
    else:
        account[name] = truth(scalar(value)) if name == "active" else scalar(value)


def put_chosen(elements, sub, chosen, value):
    found = [one for one in elements if matches(one, chosen)]
    if not found:
        found = [{chosen[0]: truth(chosen[1]) if chosen[0] == "primary" else chosen[1]}]
        elements += found
    for one in found:
        one.update({sub: scalar(value)} if sub else element(value))


def put_complex(account, name, value):
    if isinstance(value, str) and value[:1] in "[{" and value:
        value = json.loads(value)
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, dict):
        for key, part in value.items():
            if key != "$ref":
                inner(account, name)[key.lower()] = scalar(part)
    else:
        account[name] = {"value": scalar(value)}


def inner(account, name):
    if not isinstance(account.get(name), dict):
        account[name] = {}
    return account[name]


def joined(old, new):
    fresh = [one for one in new if not any(same(one, known) for known in old)]
    if any(one.get("primary") for one in fresh):
        old = [{**one, "primary": False} if one.get("primary") else one for one in old]
    return old + fresh


def same(one, other):
    return str(one.get("value")).lower() == str(other.get("value")).lower()


def remove(account, path, value):
    name, sub, chosen = split(path)
    if chosen and sub:
        for one in account.get(name, []):
            if matches(one, chosen):
                one.pop(sub, None)
    elif chosen:
        account[name] = [one for one in account.get(name, []) if not matches(one, chosen)]
    elif name in MULTI and value:
        gone = [element(one) for one in (value if isinstance(value, list) else [value])]
        account[name] = [one for one in account.get(name, []) if not any(same(one, other) for other in gone)]
    elif sub:
        inner(account, name).pop(sub, None)
    else:
        account.pop(name, None)


def matches(one, chosen):
    value = one.get(chosen[0])
    if isinstance(value, bool):
        return value == truth(chosen[1])
    return str(value).lower() == chosen[1].lower()


def element(value):
    """One element of a multi-valued attribute: some clients box it, or write it as a text."""
    if isinstance(value, str):
        return {"value": value} if value else {}
    made = {}
    for key, part in (value or {}).items():
        if key.lower() == "value" and isinstance(part, str) and part.startswith("{"):
            made.update(element(json.loads(part)))
            continue
        name = {"displayname": "display"}.get(key.lower(), key.lower())
        part = truth(scalar(part)) if name == "primary" else scalar(part)
        if part is not None and name in ("value", "display", "type", "primary", "formatted", "streetaddress", "locality",
                                         "region", "postalcode", "country"):
            made.setdefault(name, part)
    return made


def scalar(value):
    while isinstance(value, (list, dict)):
        value = (value[0] if value else None) if isinstance(value, list) else value.get("value")
    return None if value == "" else value


def truth(value):
    return value.lower() == "true" if isinstance(value, str) else value
