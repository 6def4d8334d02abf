//! The stand-in product in this process: its database to look into, its faults to turn on.

use crate::standin::controls::Controls;
use crate::standin::fault::{Fault, Kind, Moment};
use crate::standin::{self, StandinError};
use rusqlite::Connection;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const KEY: &str = "moqups-secret-key";
pub const LIST: &str = "GET /api/v1/people";
pub const READ: &str = "GET /api/v1/people/{id}";
pub const CREATE: &str = "POST /api/v1/people";
pub const CHANGE: &str = "PATCH /api/v1/people/{id}";
pub const DELETE: &str = "DELETE /api/v1/people/{id}";

pub struct Product {
    pub address: SocketAddr,
    pub controls: Controls,
    database: PathBuf,
    task: Mutex<Option<JoinHandle<Result<(), StandinError>>>>,
}

/// One person as the product's own database has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: String,
    pub login: String,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub enabled: String,
}

impl Product {
    pub async fn start(folder: &Path) -> Product {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (database, controls) = (folder.join("moqups.db"), Controls::default());
        let (file, handle) = (database.clone(), controls.clone());
        let task =
            tokio::spawn(async move { standin::serve(standin::Product::Moqups, listener, (&file, KEY), handle).await });
        super::until("the product's database", || database.exists()).await;
        Product { address, controls, database, task: Mutex::new(Some(task)) }
    }

    /// Takes it off the network.
    pub async fn stop(&self) {
        self.controls.stop();
        let task = self.task.lock().expect("no panic").take();
        task.expect("it runs").await.expect("it ends").expect("it ends well");
    }

    pub fn rows(&self) -> Vec<Row> {
        let database = Connection::open(&self.database).expect("the product's database");
        let mut statement = database
            .prepare("SELECT id, login, display_name, email, enabled FROM people ORDER BY number")
            .expect("people");
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Row {
                id: row.get(0)?,
                login: row.get(1)?,
                display_name: row.get(2)?,
                email: row.get(3)?,
                enabled: row.get(4)?,
            })
        };
        statement.query_map([], read).expect("people").collect::<Result<_, _>>().expect("people")
    }

    /// Changes the database behind everybody's back.
    pub fn execute(&self, sql: &str) {
        let database = Connection::open(&self.database).expect("the product's database");
        database.busy_timeout(super::PATIENCE).expect("a time-out");
        database.execute_batch(sql).expect("the statement runs");
    }

    /// Puts in one person with this id.
    pub fn insert(&self, id: &str, login: &str) {
        self.execute(&format!(
            "INSERT INTO people (id, login, login_key, enabled, created_at, updated_at)
             VALUES ('{id}', '{login}', lower('{login}'), 'yes', '2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z')"
        ));
    }

    /// Puts in people number 1 to `count`, in this order, with the names `user0001@contoso.test` and so on.
    pub fn insert_many(&self, count: usize) {
        self.execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO people (id, login, login_key, enabled, created_at, updated_at)
             SELECT printf('p_%016x', i), printf('user%04d@contoso.test', i), printf('user%04d@contoso.test', i), 'yes',
                    '2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z' FROM n"
        ));
    }

    /// From now on, every call shows this fault.
    pub fn suffers(&self, kind: Kind) {
        self.controls.faults.inject(Fault { kind, requests: None, only: None, when: Moment::Before });
    }

    /// The next call of this method shows this fault, before or after it was carried out.
    pub fn suffers_once(&self, kind: Kind, method: &str, when: Moment) {
        self.controls.faults.inject(Fault { kind, requests: Some(1), only: Some(method.to_owned()), when });
    }

    /// The calls that came in, each as often as it came, since the last time somebody asked.
    pub fn take_calls(&self) -> Vec<(&'static str, u64)> {
        let counts = self.controls.calls.counts();
        self.controls.calls.forget();
        counts.into_iter().collect()
    }

    pub fn was_called(&self, route: &str) -> bool {
        self.controls.calls.counts().contains_key(route)
    }
}
