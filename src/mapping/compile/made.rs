//! Checks of keys that are made of attributes.

use super::kind::Section;
use super::rules::Draft;
use crate::mapping::KeyRule;
use crate::mapping::codes;
use crate::mapping::rule::Rule;
use crate::mapping::transform::Transform;
use crate::wire::template::as_text;
use crate::wire::{Part, Scope, Template, Variable};
use serde_json::Value;
use std::borrow::Cow;

/// The attributes of a made key have rules.
pub(super) fn from_rules(section: &Section<'_>, key: &KeyRule, drafts: &[Draft]) {
    for hole in key.made.iter().flat_map(|made| made.holes()) {
        let Variable::Attribute(name) = hole else { continue };
        let mapped =
            section.kind.path(name).is_ok_and(|path| drafts.iter().any(|draft| draft.rule.attribute.covers(&path)));
        let place = section.entry.value.get("key").and_then(|key| key.get("made"));
        if let (false, Some(place)) = (mapped, place) {
            let message = format!("`{name}` has no rule, so the key could not be made");
            section.context.report.say(&codes::MADE_FROM_NOTHING, &place.span, message);
        }
    }
}

/// A made key holds the attribute as it was given; the field where the key stands holds it as the rule sends it.
pub(super) fn made_as_sent(section: &Section<'_>, key: &KeyRule, drafts: &[Draft]) {
    let place = section.entry.value.get("key").and_then(|key| key.get("made"));
    let (Some(made), Some(place)) = (&key.made, place) else { return };
    let named =
        |rule: &Rule, hole: &Variable| matches!(hole, Variable::Attribute(one) if **one == *rule.attribute.to_string());
    let writes = |rule: &Rule| rule.written_paths().contains(&&key.at) && made.holes().any(|hole| named(rule, hole));
    // A value that is sent as it is may be changed by the product.
    let changes = |rule: &Rule| !matches!(rule.transform, Transform::Same);
    let Some(draft) = drafts.iter().find(|draft| changes(&draft.rule) && writes(&draft.rule)) else { return };
    let sent = draft.rule.transform.to_target(&SAMPLE.into(), &Named);
    let own = filled(key, made, &|hole| named(&draft.rule, hole));
    let (Ok(sent), Some(own)) = (sent, own) else { return };
    let own_form = key.form.lower && as_text(&sent).to_lowercase() == own;
    if own_form || as_text(&sent) == own {
        return;
    }
    let (name, at) = (&draft.rule.attribute, key.at.text());
    let message = format!("the key is made of `{name}` as it is given, and its rule writes another text to `{at}`");
    let hint = format!(
        "`lower:` and `slug:` shape a made key; or leave `made` out and write `<{at}>` in the create, for the value as it is sent"
    );
    section.context.report.hint(&codes::MADE_OTHERWISE, &place.span, (message, hint));
}

/// The key of the sample; `None` where it is made of more than one attribute, or would be refused.
fn filled(key: &KeyRule, made: &Template, named: &dyn Fn(&Variable) -> bool) -> Option<String> {
    let part = |part: &Part| match part {
        Part::Text(text) => Some(text.to_string()),
        Part::Hole(hole) if named(hole) => key.form.shaped(SAMPLE),
        Part::Hole(hole) => Named.value(hole).map(|value| as_text(&value).into_owned()),
        Part::Json(_) => None,
    };
    made.parts.iter().map(part).collect()
}

/// A name in which conversions find something to change.
const SAMPLE: &str = "Mo.Ann@x.test";

/// Settings by their names.
struct Named;

impl Scope for Named {
    fn value(&self, variable: &Variable) -> Option<Cow<'_, Value>> {
        matches!(variable, Variable::Setting(_)).then(|| Cow::Owned(variable.to_string().into()))
    }
}
