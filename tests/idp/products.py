"""Where each stand-in product holds what a client sends: SCIM attributes as its mapping maps them, and its own tables."""

FLAT = {"username", "active", "displayname", "nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone",
        "enterprise:employeenumber", "enterprise:costcenter", "enterprise:organization", "enterprise:division",
        "enterprise:department", "contosohr:badge"}
NAMES = ["formatted", "familyname", "givenname", "middlename", "honorificprefix", "honorificsuffix"]
ADDRESS = ["formatted", "streetaddress", "locality", "region", "postalcode", "country"]


def some(fields):
    """Without what is nothing."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def of_type(elements, kind):
    """The element that a product with one place for this type takes: of the type, else the first without one."""
    typed = [one for one in elements if (one.get("type") or "").lower() == kind]
    return (typed or [one for one in elements if "type" not in one] or [{}])[0]


class Product:
    KINDS = ("Users", "Groups")
    MAPPED = FLAT
    LISTS = {}

    def mapped(self, sent):
        """The mapped attributes of a resource, flat."""
        fields = {name: sent.get(name) for name in self.MAPPED}
        fields.update({f"name.{sub}": (sent.get("name") or {}).get(sub) for sub in NAMES})
        fields["members"] = sorted(one["value"] for one in sent.get("members", []))
        fields.update(self.lists(sent))
        return some(fields)

    def left_out(self, accounts):
        """The attributes that somebody sent and that are not compared."""
        names = {name for sent in accounts.values() for name, value in sent.items() if value not in (None, "", [], {})}
        return names - self.MAPPED - {"name", "members"} - self.compared()


class Moqups(Product):
    KINDS = ("Users",)
    MAPPED = {"username", "active", "displayname"}

    def compared(self):
        return {"emails"}

    def mapped(self, sent):
        return some({**{name: sent.get(name) for name in self.MAPPED}, **self.lists(sent),
                     "name.formatted": (sent.get("name") or {}).get("formatted")})

    def lists(self, sent):
        return {"emails.work": of_type(sent.get("emails", []), "work").get("value")}

    def stored(self, database):
        return {("Users", row["id"]): some({
            "username": row["login"], "active": row["enabled"] == "yes", "displayname": row["display_name"],
            "name.formatted": row["full_name"], "emails.work": row["email"]}) for row in database.execute("SELECT * FROM people")}


class Mooncamp(Product):
    COLUMNS = {"login": "username", "display_name": "displayname", "first_name": "name.givenname", "last_name": "name.familyname",
               "email": "emails.work"}
    PROPERTIES = {"full_name": "name.formatted", "middle_name": "name.middlename", "prefix": "name.honorificprefix",
                  "suffix": "name.honorificsuffix", "nickname": "nickname", "job_title": "title", "user_type": "usertype",
                  "profile_url": "profileurl", "language": "preferredlanguage", "locale": "locale", "time_zone": "timezone",
                  "work_phone": "phonenumbers.work", "mobile_phone": "phonenumbers.mobile", "fax": "phonenumbers.fax",
                  "address": "addresses.work.formatted", "street": "addresses.work.streetaddress",
                  "city": "addresses.work.locality", "region": "addresses.work.region",
                  "postal_code": "addresses.work.postalcode", "country": "addresses.work.country",
                  "other_address": "addresses.other.formatted", "employee_number": "enterprise:employeenumber",
                  "department": "enterprise:department", "division": "enterprise:division",
                  "organization": "enterprise:organization", "cost_center": "enterprise:costcenter",
                  "manager": "enterprise:manager", "badge": "contosohr:badge"}

    def compared(self):
        return {"emails", "phonenumbers", "addresses", "enterprise:manager"}

    def lists(self, sent):
        fields = {"emails.work": of_type(sent.get("emails", []), "work").get("value"),
                  "enterprise:manager": (sent.get("enterprise:manager") or {}).get("value"),
                  "addresses.other.formatted": of_type(sent.get("addresses", []), "other").get("formatted")}
        fields.update({f"phonenumbers.{kind}": of_type(sent.get("phonenumbers", []), kind).get("value") for kind in ("work", "mobile", "fax")})
        fields.update({f"addresses.work.{sub}": of_type(sent.get("addresses", []), "work").get(sub) for sub in ADDRESS})
        return fields

    def stored(self, database):
        held = {}
        for row in database.execute("SELECT * FROM members"):
            fields = {name: row[column] for column, name in self.COLUMNS.items()}
            held["Users", row["id"]] = some({**fields, "active": row["state"] == "active"})
        for row in database.execute("SELECT * FROM member_properties"):
            held["Users", row["member"]][self.PROPERTIES.get(row["key"], row["key"])] = row["value"]
        for row in database.execute("SELECT * FROM teams"):
            members = [one[0] for one in database.execute("SELECT member FROM team_members WHERE team = ?", (row["id"],))]
            held["Groups", row["id"]] = some({"displayname": row["name"], "members": sorted(members)})
        return held


class Intranet(Product):
    MAPPED = FLAT | {"password"}
    COLUMNS = {"log_in": "username", "full_name": "name.formatted", "last_name": "name.familyname", "first_name": "name.givenname",
               "middle_name": "name.middlename", "name_prefix": "name.honorificprefix", "name_suffix": "name.honorificsuffix",
               "shown_as": "displayname", "nick": "nickname", "homepage": "profileurl", "job_title": "title", "kind": "usertype",
               "language": "preferredlanguage", "locale": "locale", "time_zone": "timezone",
               "staff_number": "enterprise:employeenumber", "cost_center": "enterprise:costcenter",
               "company": "enterprise:organization", "division": "enterprise:division", "department": "enterprise:department",
               "badge": "contosohr:badge", "password": "password"}
    LISTS = {"mails": "emails", "phones": "phonenumbers", "chats": "ims", "pictures": "photos", "rights": "entitlements",
             "duties": "roles", "certificates": "x509certificates"}
    ADDRESS = {"label": "formatted", "street": "streetaddress", "town": "locality", "region": "region", "postcode": "postalcode",
               "country": "country", "sort": "type"}

    def compared(self):
        return set(self.LISTS.values()) | {"addresses", "enterprise:manager"}

    def lists(self, sent):
        fields = {name: [some(one) for one in sent.get(name, [])] for name in self.compared() - {"enterprise:manager"}}
        # Whoever has no number is no employee: the gateway keeps who was meant.
        manager = (sent.get("enterprise:manager") or {}).get("value") or ""
        return {**fields, "enterprise:manager": manager if manager.isdigit() else None}

    def stored(self, database):
        held = {}
        for row in database.execute("SELECT * FROM employees"):
            fields = {name: row[column] for column, name in self.COLUMNS.items()}
            superior = str(row["superior"]) if row["superior"] else None
            held["Users", str(row["id"])] = some({**fields, "active": row["status"] == "A", "enterprise:manager": superior})
        for row in database.execute("SELECT * FROM employee_items ORDER BY employee, list, position"):
            item = {"value": row["value"], "display": row["label"], "type": row["sort"], "primary": self.main(row)}
            held["Users", str(row["employee"])].setdefault(self.LISTS[row["list"]], []).append(some(item))
        for row in database.execute("SELECT * FROM employee_addresses ORDER BY employee, position"):
            item = {name: row[column] for column, name in self.ADDRESS.items()}
            held["Users", str(row["employee"])].setdefault("addresses", []).append(some({**item, "primary": self.main(row)}))
        for row in database.execute("SELECT * FROM circles"):
            people = [str(one[0]) for one in database.execute("SELECT employee FROM circle_people WHERE circle = ?", (row["id"],))]
            held["Groups", str(row["id"])] = some({"displayname": row["title"], "members": sorted(people)})
        return held

    @staticmethod
    def main(row):
        return None if row["main"] is None else bool(row["main"])


PRODUCTS = {"moqups": Moqups(), "mooncamp": Mooncamp(), "intranet": Intranet()}
