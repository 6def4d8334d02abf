//! Groups that the product keeps in its users, and jobs that take their time: changed in parallel, half done, never done.

use crate::stage::{Behind, Heard, Site, assert_error, reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const TAGS: &str = "edition: 1
product: Tags
User:
  key: { at: $.id, stable: true }
  attributes:
    userName: { at: $.login, required: true, unique: true }
    groups: { each: $.tags, value: { at: '.', ref: Group } }
  read: GET /users/<key>
  list: { call: GET /users, items: $.users }
  create: { call: POST /users, poll: { call: GET /jobs/<answer.job>, until: { at: $.state, equals: done }, every: 1ms, at_most: 50ms }, result: none, look_first: true }
  update: { call: PUT /users/<key>, sends: account }
Group:
  fixed: [red, blue]
  key: $.name
  attributes:
    displayName: { read: $.name }
    members: { through: User.groups }
";

/// Users with tags; who is named `refused` cannot be written.
#[derive(Default)]
struct Tags(Mutex<BTreeMap<String, Value>>);

impl Tags {
    fn of(users: impl IntoIterator<Item = (String, Vec<&'static str>)>) -> Arc<Tags> {
        let user = |(id, tags): (String, Vec<&str>)| (id.clone(), json!({ "id": id, "login": id, "tags": tags }));
        Arc::new(Tags(Mutex::new(users.into_iter().map(user).collect())))
    }

    fn play(&self, heard: &Heard) -> http::Response<String> {
        let mut users = self.0.lock().unwrap();
        let (method, path) = heard.line.split_once(' ').unwrap();
        let id = path.rsplit('/').next().unwrap();
        match (method, path, users.get_mut(id)) {
            ("GET", "/users", _) => reply(200, &json!({ "users": users.values().collect::<Vec<_>>() })),
            ("GET", _, _) if path.starts_with("/jobs/") => reply(200, &json!({ "state": "working" })),
            ("GET", _, Some(user)) => reply(200, user),
            ("PUT", _, Some(_)) if id == "refused" => reply(422, &json!({})),
            ("PUT", _, Some(user)) => {
                *user = serde_json::from_str(&heard.body).unwrap();
                reply(200, user)
            }
            ("POST", "/users", _) => {
                let mut user: Value = serde_json::from_str(&heard.body).unwrap();
                user["id"] = user["login"].clone();
                users.insert(user["login"].as_str().unwrap().to_owned(), user);
                reply(202, &json!({ "job": "j1" }))
            }
            _ => reply(404, &Value::Null),
        }
    }

    fn tags(&self, id: &str) -> Value {
        self.0.lock().unwrap()[id]["tags"].clone()
    }
}

async fn open(tags: &Arc<Tags>) -> (Site, Behind) {
    let played = tags.clone();
    let site = Site::start(move |heard| played.play(heard)).await;
    let behind = Behind::open(&format!("http://{}", site.address), TAGS, &[], "").await;
    (site, behind)
}

fn add(ids: &[&str]) -> Value {
    let value: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "add", "path": "members", "value": value }] })
}

fn remove(id: &str) -> Value {
    let path = format!("members[value eq \"{id}\"]");
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "remove", "path": path }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_users_hold_stay_right_when_they_are_changed_in_parallel() {
    let names = || (0..25).map(|number| format!("u{number:02}"));
    let tags = Tags::of(names().map(|name| (name, vec!["blue", "own"])));
    let (_site, behind) = open(&tags).await;
    let behind = Arc::new(behind);
    let changes = names().flat_map(|name| {
        [("red", add(&[&name])), ("blue", remove(&name))].map(|(group, body)| {
            let behind = behind.clone();
            tokio::spawn(
                async move { behind.client.send(&format!("PATCH /Groups/{group}"), Some(&body)).await.unwrap() },
            )
        })
    });
    for change in changes.collect::<Vec<_>>() {
        assert_eq!(change.await.unwrap().status, 204);
    }
    for name in names() {
        assert_eq!(
            tags.tags(&name),
            json!(["own", "red"]),
            "{name}: in red, out of blue, and what is not ours is untouched"
        );
    }
}

#[tokio::test]
async fn a_change_that_stops_half_way_says_so_and_the_repeated_one_does_the_rest_alone() {
    let tags = Tags::of(["a", "refused", "z"].map(|name| (name.to_owned(), vec![])));
    let (site, behind) = open(&tags).await;
    let answer = behind.client.send("PATCH /Groups/red", Some(&add(&["a", "refused", "z"]))).await.unwrap();
    assert_error(&answer, 400, Some("invalidValue"));
    assert_eq!((tags.tags("a"), tags.tags("z")), (json!(["red"]), json!([])));
    let answer = behind.client.send("PATCH /Groups/red", Some(&add(&["a", "z"]))).await.unwrap();
    assert_eq!(
        (answer.status, tags.tags("a"), tags.tags("z")),
        (204, json!(["red"]), json!(["red"])),
        "{answer:?} {:?}",
        site.lines()
    );
    assert_eq!(site.count("PUT /users/a"), 1);
}

#[tokio::test]
async fn an_unknown_member_is_named_by_its_position_and_nobody_after_it_is_written() {
    let tags = Tags::of([("a".to_owned(), vec![])]);
    let (site, behind) = open(&tags).await;
    let answer = behind.client.send("PATCH /Groups/red", Some(&add(&["nobody", "a"]))).await.unwrap();
    assert_error(&answer, 400, Some("invalidValue"));
    assert!(answer.body["detail"].as_str().unwrap().contains("members[0]"), "{answer:?}");
    assert_eq!(site.count("PUT /users/a"), 0);
}

#[tokio::test]
async fn a_create_whose_job_never_ends_is_looked_for_and_not_made_again() {
    let tags = Tags::of([]);
    let (site, behind) = open(&tags).await;
    let user = json!({ "userName": "b" });
    let answer = behind.client.send("POST /Users", Some(&user)).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body["id"]),
        (201, &json!("b")),
        "it is there, whatever the job says: {answer:?}"
    );
    assert_error(&behind.client.send("POST /Users", Some(&user)).await.unwrap(), 409, Some("uniqueness"));
    assert_eq!(site.count("POST /users"), 1);
}
