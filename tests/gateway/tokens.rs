//! `transom token` beside a running server.

use crate::stage::{Front, Process, Product, Script, assert_error, folder, transom};
use std::time::{Duration, Instant, SystemTime};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_beside_the_server_works_at_once_and_a_revoked_one_ends_within_a_second() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    let process = Process::start(folder.path(), &Script::default(), &product).await;
    let made = transom(folder.path(), &["token", "create", "--target", "moqups", "--name", "entra"]).await;
    assert_eq!((made.code, made.out.lines().count()), (Some(0), 1), "{made:?}");
    let client = process.client("moqups", made.out.trim());
    assert_eq!(client.send("GET /Users?count=0", None).await.unwrap().status, 200);

    let revoked = transom(folder.path(), &["token", "revoke", "--name", "entra"]).await;
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    let (since, mut last) = (Instant::now(), 200);
    while last == 200 && since.elapsed() < Duration::from_secs(1) {
        last = client.send("GET /ServiceProviderConfig", None).await.unwrap().status;
    }
    assert_eq!(last, 401);
    let other = process.client("moqups", &process.token);
    assert_eq!(other.send("GET /Users?count=0", None).await.unwrap().status, 200);
}

#[tokio::test]
async fn the_list_names_tokens_and_never_shows_them() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    Script { targets: vec!["moqups", "other"], ..Script::default() }.write(folder.path(), &product);
    let both = ["token", "create", "--target", "moqups", "--target", "other", "--name", "both", "--expires", "90d"];
    let secrets = [
        transom(folder.path(), &["token", "create", "--target", "moqups", "--name", "entra"]).await.out,
        transom(folder.path(), &both).await.out,
    ];
    assert_eq!(transom(folder.path(), &["token", "revoke", "--name", "entra"]).await.code, Some(0));
    let listed = transom(folder.path(), &["token", "list"]).await.out;
    assert!(secrets.iter().all(|secret| !secret.trim().is_empty() && !listed.contains(secret.trim())), "{listed}");
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{listed}"));
    assert!(line("entra").contains("revoked"), "{listed}");
    assert!(line("both").contains("moqups,other") && line("both").contains("live until"), "{listed}");
}

#[tokio::test]
async fn what_cannot_be_done_with_tokens_is_told_in_one_line() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    Script::default().write(folder.path(), &product);
    let create = ["token", "create", "--target", "moqups", "--name", "entra"];
    assert_eq!(transom(folder.path(), &create).await.code, Some(0));
    let again = transom(folder.path(), &create).await;
    assert!(again.code == Some(2) && again.err.lines().count() == 1 && again.err.contains("revoke it"), "{again:?}");
    Script { targets: vec!["moqups", "other"], ..Script::default() }.write(folder.path(), &product);
    let other = transom(folder.path(), &["token", "create", "--target", "other", "--name", "entra"]).await;
    assert!(other.code == Some(2) && other.err.contains("which opens moqups; "), "{other:?}");
    assert!(other.err.contains("such as entra-other") && other.err.contains("revoke --name entra"), "{other:?}");
    let nowhere = transom(folder.path(), &["token", "create", "--target", "nowhere", "--name", "okta"]).await;
    assert!(nowhere.code == Some(2) && nowhere.err.contains("moqups"), "{nowhere:?}");
    let nobody = transom(folder.path(), &["token", "revoke", "--name", "nobody"]).await;
    assert!(nobody.code == Some(1) && nobody.out.contains("no live token named nobody"), "{nobody:?}");
    let past =
        transom(folder.path(), &["token", "create", "--target", "moqups", "--name", "past", "--expires", "2001-01-01"])
            .await;
    assert!(past.code == Some(2) && past.err.contains("past"), "{past:?}");
}

#[tokio::test]
async fn a_token_made_to_expire_does() {
    let folder = folder();
    let product = Product::start(folder.path()).await;
    Script::default().write(folder.path(), &product);
    let made =
        transom(folder.path(), &["token", "create", "--target", "moqups", "--name", "entra", "--expires", "1d"]).await;
    let today = Front::open_at(folder.path(), SystemTime::now).await;
    let answer = today.client_of("moqups", made.out.trim()).send("GET /Users", None).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    today.stop().await;
    let later = Front::open_at(folder.path(), || SystemTime::now() + Duration::from_secs(2 * 86_400)).await;
    let answer = later.client_of("moqups", made.out.trim()).send("GET /Users", None).await.unwrap();
    assert_error(&answer, 401, None);
}
