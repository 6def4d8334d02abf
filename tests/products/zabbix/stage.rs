//! Zabbix on the stage: its own view of users and groups, and the methods it was asked for.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::stage::Product;
pub use crate::stage::{filtered, patch_body, text};

const PATH: &str = "/api_jsonrpc.php";

pub struct Stage {
    stage: Arc<crate::stage::Stage>,
    session: String,
}

impl Deref for Stage {
    type Target = Arc<crate::stage::Stage>;

    fn deref(&self) -> &Self::Target {
        &self.stage
    }
}

/// How a stage is taken.
enum Turn {
    Shared,
    Alone,
}

impl Stage {
    pub async fn set() -> Self {
        Self::with(("Admin", "zabbix"), Turn::Shared).await
    }

    pub async fn alone() -> Self {
        Self::with(("Admin", "zabbix"), Turn::Alone).await
    }

    /// Another log-in for the gateway.
    pub async fn with_login(user: &str, password: &str) -> Self {
        Self::with((user, password), Turn::Shared).await
    }

    async fn with((user, password): (&str, &str), turn: Turn) -> Self {
        let url = std::env::var("ZABBIX_URL").unwrap_or_else(|_| "http://127.0.0.1:3002".to_owned());
        let product = Product {
            target: "zabbix",
            url: &url,
            settings: &[("user", user), ("password", password), ("role", "User role"), ("home_group", "SCIM users")],
            own_headers: &[("Content-Type", "application/json-rpc")],
        };
        let stage = match turn {
            Turn::Shared => crate::stage::Stage::set(&product).await,
            Turn::Alone => crate::stage::Stage::alone(&product).await,
        };
        let login = json!({"jsonrpc": "2.0", "id": 1, "method": "user.login", "params": {"username": "Admin", "password": "zabbix"}});
        let answer = stage.own(&format!("POST {PATH}"), login).await;
        Self { stage: Arc::new(stage), session: text(&answer.body["result"]) }
    }

    /// A call of Zabbix's own API, past gateway and relay; its `result`.
    pub async fn rpc(&self, method: &str, params: Value) -> Value {
        let answer = self.try_rpc(method, params).await;
        answer.get("result").unwrap_or_else(|| panic!("{method}: {answer}")).clone()
    }

    async fn try_rpc(&self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "auth": self.session, "method": method, "params": params});
        self.own(&format!("POST {PATH}"), body).await.body
    }

    /// What Zabbix was asked for since the last time somebody asked: all calls go to one URL.
    pub fn take_methods(&self) -> Vec<String> {
        self.take_bodies().iter().map(|body| text(&body["method"])).collect()
    }

    pub fn take_bodies(&self) -> Vec<Value> {
        let requests = self.relay.take_requests();
        requests.iter().map(|(_, body)| serde_json::from_slice(body).expect("JSON")).collect()
    }

    /// The user as Zabbix itself shows it; null if it has none.
    pub async fn account(&self, id: &str) -> Value {
        let params = json!({"userids": id, "selectUsrgrps": ["usrgrpid", "name"], "selectMedias": "extend", "selectRole": ["name"], "getAccess": true});
        self.rpc("user.get", params).await[0].take()
    }

    /// The names of a user's groups as Zabbix itself shows them, sorted.
    pub async fn groups_of(&self, user: &str) -> Vec<String> {
        let account = self.account(user).await;
        let mut names: Vec<String> =
            account["usrgrps"].as_array().expect("groups").iter().map(|group| text(&group["name"])).collect();
        names.sort();
        names
    }

    /// The ids of a group's members as Zabbix itself shows them, sorted as text.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let groups = self.rpc("usergroup.get", json!({"usrgrpids": group, "selectUsers": ["userid"]})).await;
        let mut ids: Vec<String> =
            groups[0]["users"].as_array().expect("users").iter().map(|user| text(&user["userid"])).collect();
        ids.sort();
        ids
    }

    /// The id of the group of all users.
    pub async fn home(&self) -> String {
        text(&self.rpc("usergroup.get", json!({"filter": {"name": "SCIM users"}})).await[0]["usrgrpid"])
    }

    /// Users made past the gateway, in these groups besides the home group; their ids.
    pub async fn own_users(&self, names: &[String], groups: &[&str]) -> Vec<String> {
        let home = self.home().await;
        let groups: Vec<Value> = [home.as_str()].iter().chain(groups).map(|group| json!({"usrgrpid": group})).collect();
        let users: Vec<Value> = names
            .iter()
            .map(|name| json!({"username": self.login(name), "passwd": "First-pw-1", "roleid": "1", "usrgrps": groups}))
            .collect();
        self.rpc("user.create", json!(users)).await["userids"].as_array().expect("ids").iter().map(text).collect()
    }

    /// May this user log in?
    pub async fn lets_in(&self, login: &str, password: &str) -> bool {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "user.login", "params": {"username": login, "password": password}});
        self.own(&format!("POST {PATH}"), body).await.body.get("result").is_some()
    }

    /// Deletes what a test made, past the gateway. A failed test leaves its accounts to be looked at.
    pub async fn clear(&self, users: &[&str], groups: &[&str]) {
        for (method, ids) in [("user.delete", users), ("usergroup.delete", groups)] {
            if !ids.is_empty() {
                self.try_rpc(method, json!(ids)).await;
            }
        }
    }
}
