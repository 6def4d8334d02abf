//! Every spelling of an attribute leads to one path, and what is offered is told apart from what is known.

use super::*;
use proptest::prelude::*;

fn printed(kind: &ResourceType, text: &str) -> String {
    kind.path(text).map_or_else(|error| error.message, |path| path.to_string())
}

#[test]
fn names_are_found_in_any_case_and_printed_canonically() {
    let user = ResourceType::user();
    assert_eq!(printed(&user, "USERNAME"), "userName");
    assert_eq!(printed(&user, "Name.GIVENname"), "name.givenName");
    assert_eq!(printed(&user, "members"), "User has no attribute `members`");
    assert_eq!(printed(&ResourceType::group(), "Members.$REF"), "members.$ref");
}

#[test]
fn a_urn_may_be_followed_by_a_colon_or_a_dot() {
    let user = ResourceType::user();
    let manager = format!("{ENTERPRISE_SCHEMA}:manager");
    assert_eq!(printed(&user, &manager), manager);
    assert_eq!(printed(&user, &format!("{}.Manager", ENTERPRISE_SCHEMA.to_uppercase())), manager);
    assert_eq!(printed(&user, &format!("{manager}.value")), format!("{manager}.value"));
    assert_eq!(printed(&user, &format!("{USER_SCHEMA}:name.givenName")), "name.givenName");
}

#[test]
fn extension_attributes_are_found_without_their_urn() {
    let user = ResourceType::user();
    assert_eq!(printed(&user, "manager"), format!("{ENTERPRISE_SCHEMA}:manager"));
    assert_eq!(printed(&user, "Department"), format!("{ENTERPRISE_SCHEMA}:department"));
}

#[test]
fn the_longest_of_two_nested_urns_wins_and_bare_core_names_stay_core() {
    let mut user = ResourceType::user();
    let extension = |id: &str, name: &str| Schema {
        id: id.into(),
        name: "x".into(),
        description: "x".into(),
        attributes: vec![rows::text(name, "x")],
    };
    user.extend(extension("urn:example", "title"));
    user.extend(extension("urn:example:2.0", "badge"));
    assert_eq!(printed(&user, "urn:example:2.0:badge"), "urn:example:2.0:badge");
    assert_eq!(printed(&user, "urn:example:title"), "urn:example:title");
    assert_eq!(printed(&user, "title"), "title");
}

#[test]
fn a_misspelt_name_is_told_its_nearest_and_its_place() {
    let user = ResourceType::user();
    let error = user.path(&format!("{ENTERPRISE_SCHEMA}:manger")).unwrap_err();
    assert_eq!(error.offset, ENTERPRISE_SCHEMA.len() + 1);
    assert!(error.message.ends_with("did you mean `manager`?"), "{error}");
    let error = user.path("name.givenNam").unwrap_err();
    assert_eq!((error.offset, error.message.ends_with("did you mean `givenName`?")), (5, true));
}

#[test]
fn only_common_attributes_are_offered_until_a_target_offers_more() {
    let mut user = ResourceType::user();
    let path = |text: &str| ResourceType::user().path(text).unwrap();
    assert!(user.offers(&path("id")) && user.offers(&path("meta.location")) && user.offers(&path("externalId")));
    assert!(!user.offers(&path("userName")));
    user.mark(&path("name.givenName"), |attribute| attribute.offered = true);
    assert!(user.offers(&path("name")) && user.offers(&path("name.givenName")));
    assert!(!user.offers(&path("name.familyName")));
    user.mark(&path("roles"), |attribute| attribute.offered = true);
    assert!(user.offers(&path("roles.value")), "a complex attribute offered as a whole offers every part");
}

#[test]
fn every_attribute_is_found_by_the_path_it_prints() {
    for kind in [ResourceType::user(), ResourceType::group()] {
        for path in kind.paths() {
            assert_eq!(kind.path(&path.to_string()).as_ref(), Ok(path));
            assert_eq!(kind.path(&path.to_string().to_uppercase()).as_ref(), Ok(path));
            assert_eq!(kind.attribute(path).map(|found| &found.name), Some(path.sub.as_ref().unwrap_or(&path.name)));
        }
    }
}

proptest! {
    #[test]
    fn any_text_as_a_path_is_answered(text in "\\PC{0,60}") {
        let _ = ResourceType::user().path(&text);
    }

    #[test]
    fn a_printed_path_reads_as_the_same_path(
        index in any::<proptest::sample::Index>(), upper in any::<u64>(), before in "(urn:ietf:params:scim:schemas:core:2\\.0:User[:.])?"
    ) {
        let user = ResourceType::user();
        let paths: Vec<_> = user.paths().collect();
        let path = index.get(&paths);
        let before = if path.extension.is_none() { before } else { String::new() };
        let swap = |(at, letter): (usize, char)| if upper >> (at % 64) & 1 == 1 { letter.to_ascii_uppercase() } else { letter };
        let spelt: String = format!("{before}{path}").chars().enumerate().map(swap).collect();
        let read = user.path(&spelt).unwrap();
        prop_assert_eq!(&read, *path);
        prop_assert_eq!(user.path(&read.to_string()), Ok(read));
    }

    #[test]
    fn any_tail_behind_a_urn_is_answered_within_the_text(tail in "[:.a-zA-Zä$]{0,12}") {
        let text = format!("{ENTERPRISE_SCHEMA}{tail}");
        if let Err(error) = ResourceType::user().path(&text) {
            prop_assert!(error.offset <= text.len());
        }
    }
}
