//! The published table of diagnostics: every kind of mistake with its code. `docs/diagnostics.md` is made from it.

use std::fmt::Write as _;

/// A mistake, or advice?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file is not used.
    Error,
    /// The file is used.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A kind of mistake.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Its number, `M001`, which never changes its meaning.
    pub id: &'static str,
    /// Its short name in file names: `tests/diagnostics/M001-yaml-syntax.yaml`.
    pub slug: &'static str,
    /// Its short name in words.
    pub title: &'static str,
    /// What it means and what to do about it.
    pub explanation: &'static str,
    /// How bad it is.
    pub severity: Severity,
}

macro_rules! codes {
    ($($name:ident $id:literal $slug:literal $severity:ident $title:literal $explanation:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: Code =
                Code { id: $id, slug: $slug, title: $title, explanation: $explanation, severity: Severity::$severity };
        )*

        /// Every code, in order.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

/// The table as `docs/diagnostics.md` shows it.
pub fn table() -> String {
    let mut page = String::from(
        "# Diagnostics of mapping files\n\n\
         Every message about a mapping file carries one of these codes. Codes keep their meaning; new ones are added at the end.\n\
         For each there is a mapping that is wrong in this way, and the message it gets, in `tests/diagnostics`.\n\n\
         | code | | what is wrong | what it means |\n|---|---|---|---|\n",
    );
    for code in ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| {} | {} | {} | {} |", code.id, code.severity.word(), code.title, code.explanation);
    }
    page
}

codes! {
    SYNTAX "M001" "yaml-syntax" Error "not YAML"
        "The file cannot be read as YAML. Indent with blanks, close every bracket and quote, put a blank after each colon, quote texts with `: ` in them, and save as UTF-8.";
    DUPLICATE_KEY "M002" "duplicate-key" Error "a key stands twice"
        "YAML readers disagree about which of two equal keys counts, so neither is taken.";
    NOT_PLAIN_YAML "M003" "not-plain-yaml" Error "more YAML than a mapping uses"
        "Anchors, aliases, tags, several documents and keys that are no text are not part of the mapping language.";
    TOO_LARGE "M004" "too-large" Error "too long or too deep"
        "A mapping file has at most 1 MiB and 40 levels.";
    UNQUOTED_IN_BRACES "M005" "unquoted-in-braces" Error "an unquoted text with brackets inside braces"
        "Inside `{ }` the characters `[ ] { } ,` belong to YAML. Quote the text, or write the braces as a block.";
    BRACED_NAME "M006" "braced-name" Error "`{name}` where a placeholder is meant"
        "Placeholders are written `<name>`; in YAML, `{name}` is a map.";
    CUT_BY_COMMENT "M007" "cut-by-comment" Error "a text cut off by ` #`"
        "In YAML a blank and `#` begin a comment, also in the middle of a path. Quote the text.";
    YES_NO "M008" "yes-no" Warning "`yes`, `no`, `on` or `off` without quotes"
        "Here it is text; other YAML tools read a boolean. Write `true` or `false`, or quote it.";
    ODD_NUMBER "M009" "odd-number" Warning "something like a number, a date or null without quotes"
        "Here it is text, and other YAML tools read a number or a date (`007`, `12:30`); or it is a number or null, and looks like a text (`1.10`, `~`). Quote it.";
    QUOTES_IN_CALL "M010" "quotes-in-call" Error "quotes inside a call"
        "In `call: GET \"/users\"` the quotes become part of the URL. Quote all of it or nothing.";
    UNKNOWN_KEY "M011" "unknown-key" Error "a key that is not known here"
        "Every idea of the language has a closed set of keys.";
    WRONG_KIND "M012" "wrong-kind" Error "another kind of value is wanted"
        "A text stands where a map is wanted, a list where a number is wanted, and so on.";
    MISSING_KEY "M013" "missing-key" Error "a key is missing"
        "The idea makes no sense without this key.";
    UNKNOWN_WORD "M014" "unknown-word" Error "not one of the words possible here"
        "The key takes one of a few words.";
    UNKNOWN_MEANING "M015" "unknown-meaning" Error "an answer cannot mean this"
        "`means` takes one of: ok absent empty taken invalid refused check changed login_again busy broken.";
    UNKNOWN_CONVERSION "M016" "unknown-conversion" Error "no such conversion"
        "`as` takes the name of a built-in conversion, or a list of names.";
    UNKNOWN_METHOD "M017" "unknown-method" Error "not an HTTP method"
        "A call begins with GET, HEAD, POST, PUT, PATCH, DELETE, SEARCH, QUERY, LINK or UNLINK.";
    UNKNOWN_ATTRIBUTE "M018" "unknown-attribute" Error "no such attribute"
        "The name belongs to none of the type's schemas. An attribute of one's own is declared by a rule under its URN.";
    UNKNOWN_VARIABLE "M019" "unknown-variable" Error "no such placeholder"
        "The name in `< >` is no placeholder, setting, attribute or field. A literal `<` is written `<<`.";
    VARIABLE_NOT_HERE "M020" "variable-not-here" Error "a placeholder that has no value here"
        "The placeholder exists, but not in this place: `<member>` only in `add` and `remove`, `<offset>` only in lists.";
    UNKNOWN_SETTING "M021" "unknown-setting" Error "a setting that is not declared"
        "Settings are declared in `settings:` and get their values from the gateway's configuration.";
    UNUSED_SETTING "M022" "unused-setting" Warning "a setting that nothing uses"
        "Every instance would have to give it for nothing.";
    UNKNOWN_TYPE "M023" "unknown-type" Error "a resource type that the file does not have"
        "`ref` and tests name `User` or `Group`, and the file must describe that type.";
    BAD_PATH "M024" "bad-path" Error "not a path"
        "Paths are RFC 9535 JSONPath: `$.a.b`, `$.list[?@.id == 1].value`, and `.a` from an item.";
    PATH_NOT_WRITABLE "M025" "path-not-writable" Error "a path that cannot be written"
        "Only names, indexes and equality filters lead to one place. Use `read:` for a path that is only read.";
    PATH_WRONG_ROOT "M026" "path-wrong-root" Error "a path that starts at the wrong place"
        "`$` starts at the account or the answer, `.` at the present item of `each:`.";
    BAD_TEMPLATE "M027" "bad-template" Error "a placeholder that is not closed"
        "`<` opens a placeholder, `>` closes it. A literal `<` is written `<<`.";
    BAD_CALL "M028" "bad-call" Error "not a call"
        "A call is `METHOD /path`, perhaps with a query.";
    BASE_URL "M029" "base-url" Error "a base URL in a mapping"
        "A mapping describes a product. Where an instance of it stands is said in the gateway's configuration.";
    BAD_HEADER "M030" "bad-header" Error "not a header"
        "Header names are tokens, and no header can be set that the gateway sets itself.";
    DIRECTION_UNCLEAR "M031" "direction-unclear" Error "a rule without direction, or with several"
        "A rule has exactly one of `at`, `read`, `write`, `one`, `each`; or `keep` alone, or `keep` beside `write`.";
    KEY_WITHOUT_PARTNER "M032" "key-without-partner" Error "a key that means nothing without another"
        "For example `rest` without `one`, `add` without `each`, `else` without `values`.";
    TWO_TRANSFORMS "M033" "two-transforms" Error "several ways to change one value"
        "A rule has at most one of `values`, `as` and `script`.";
    TABLE_AMBIGUOUS "M034" "table-ambiguous" Error "a table that is not one-to-one"
        "One spelling of the field stands for two values, so reading it back is undecidable.";
    TABLE_VALUE "M035" "table-value" Error "a table value that the attribute cannot have"
        "The left side of `values` is the attribute's value and must be of its type.";
    NO_INVERSE "M036" "no-inverse" Error "a conversion without an inverse in a two-way rule"
        "Use it in a `read:` or a `write:` rule, or give both directions.";
    TWO_RULES_ONE_ATTRIBUTE "M037" "two-rules-one-attribute" Error "two rules for one attribute"
        "An attribute, or an attribute and its parent, has one rule; only several `one:` rules may share a multi-valued attribute.";
    TWO_RULES_ONE_FIELD "M038" "two-rules-one-field" Error "two rules write one field"
        "The later would overwrite the earlier.";
    ONE_ON_SINGLE "M039" "one-on-single" Error "`one` on a single-valued attribute"
        "`one` picks an element of a multi-valued attribute. Use `at`.";
    EACH_ON_SINGLE "M040" "each-on-single" Error "`each` on a single-valued attribute"
        "`each` maps an array to a multi-valued attribute. Use `at`.";
    CHANGE_WITHOUT_CALL "M041" "change-without-call" Error "a change that no call takes"
        "The attribute can be written, but no row of `update` carries it. Add a row, or mark the attribute `immutable: true`. Of a rule that only reads, a row without `for:` sends nothing but what its call names.";
    ROW_WITHOUT_RULE "M042" "row-without-rule" Error "an update row for an attribute without rule"
        "`for` names attributes that have a rule.";
    ROW_NEVER_USED "M043" "row-never-used" Error "an update row that is never used"
        "An earlier row takes the same changes.";
    FIND_WITHOUT_RULE "M044" "find-without-rule" Error "a find by an attribute without rule"
        "Only an attribute that the account holds can be looked for.";
    FIND_NEVER_APPLIES "M045" "find-never-applies" Error "a find that can never apply"
        "The attribute has no field whose value could be asked for, or the call does not use `<value>`.";
    FIND_OPERATOR "M046" "find-operator" Error "a find by something other than `eq`"
        "Finds are `attribute eq`.";
    PAGING_WITHOUT_END "M047" "paging-without-end" Error "paging without total or end"
        "Without `total`, `next` or `max` nobody knows which page is the last.";
    PAGING_UNCLEAR "M048" "paging-unclear" Error "paging of no kind, or of several"
        "Pages are `{ offset, limit }`, `{ page, size }` or `{ cursor, limit }`.";
    LACKS_WITHOUT_RULE "M049" "lacks-without-rule" Error "`lacks` names an attribute without rule"
        "It names the attributes that items of the list do not hold.";
    LACKS_WITHOUT_READ "M050" "lacks-without-read" Error "`lacks` without `read`"
        "What items lack is read from the account, so the type needs `read`.";
    KEY_STABLE_AND_MADE "M051" "key-stable-and-made" Error "a key both `stable` and `made`"
        "A stable key is issued by the target and never changes; a made key follows its attributes.";
    KEY_NOT_YIELDED "M052" "key-not-yielded" Error "a key that no answer yields"
        "After a create nobody would know the account's key. Say `key:` on the create, let its answer be the account, or give a `find` by a required and unique attribute.";
    REQUIRED_UNMAPPED "M053" "required-unmapped" Error "a required attribute without rule"
        "Every client sends it, and a resource without it is not valid SCIM: `userName` of users, `displayName` of groups.";
    READ_ONLY_ATTRIBUTE "M054" "read-only-attribute" Error "a rule that writes a read-only attribute"
        "Clients cannot write it. Use `read:`.";
    SCRIPT_MISSING "M055" "script-missing" Error "a script function that does not exist"
        "The function must stand in the script file beside the mapping, and not be private.";
    SCRIPT_ARITY "M056" "script-arity" Error "a script function with the wrong number of parameters"
        "A value change takes the value; what says a meaning takes request, status and body; what plans calls takes the account before and after. Each may take the settings, too.";
    SCRIPT_SYNTAX "M057" "script-syntax" Error "a script that does not compile"
        "The script file beside the mapping is compiled with it.";
    SECRET_INLINE "M058" "secret-inline" Error "a secret written into the mapping"
        "Mappings are shared and reviewed. Declare a setting and write `<settings.name>`.";
    STATUS_RANGE "M059" "status-range" Error "not an HTTP status"
        "A status is a number from 100 to 599, or `1xx` to `5xx`, or a list of these.";
    BAD_PATTERN "M060" "bad-pattern" Error "not a regular expression"
        "`matches` takes a regular expression; it searches, so anchor it where that matters.";
    CONDITION_UNCLEAR "M061" "condition-unclear" Error "a condition that tests nothing, or several things"
        "A condition has a `status`, an `at`, and at most one of `equals`, `text`, `matches`, `empty`, `not`.";
    ROW_UNREACHABLE "M062" "row-unreachable" Warning "an answer row that is never reached"
        "An earlier row of the same table fits whatever this one fits.";
    DUPLICATE_TEST "M063" "duplicate-test" Error "two tests of one name"
        "The name is how a failing test is found.";
    TEST_ROUTE "M064" "test-route" Error "a test requests an unknown route"
        "Tests send `METHOD /Users`, `/Users/ID`, `/Groups` or `/Groups/ID`, of types the file describes.";
    TEST_CALL "M065" "test-call" Error "a test expects a call that no mapping line declares"
        "The method and path fit no call of the file.";
    NO_RESOURCE_TYPE "M066" "no-resource-type" Error "a mapping without resource types"
        "It must describe `User`, `Group` or both.";
    CUSTOM_ATTRIBUTE "M067" "custom-attribute" Error "an attribute of one's own that is not well declared"
        "A URN and a name: `urn:example:params:scim:schemas:User:badge`, with `type` and perhaps `multi_valued`.";
    EDITION "M068" "edition" Error "an edition of the language that is not known"
        "This gateway reads edition 1.";
    AUTH_UNCLEAR "M069" "auth-unclear" Error "no way to authenticate"
        "`auth` says at least one way: `header`, `query`, `basic`, `bearer`, `cookies`, `oauth2`, `sign`, `client_certificate`, `pass_through`.";
    MADE_FROM_NOTHING "M070" "made-from-nothing" Error "a made key from an attribute without rule"
        "The attributes of a made key must have rules.";
    SUB_OF_LIST "M071" "sub-of-list" Error "a rule for a sub-attribute of a multi-valued attribute"
        "Which element it belongs to would be undecided. Map the attribute with `one:` or `each:`.";
    CONFIRMS_NOTHING "M072" "confirms-nothing" Error "`confirm` beside another meaning than `absent`"
        "Only an absence is confirmed by another call: some products answer strangers as if nothing were there.";
    SHARED_UNKNOWN "M073" "shared-unknown" Error "a call that `calls:` does not have"
        "Shared calls stand in `calls:` under a name, which `via` repeats.";
    ARGUMENT_MISSING "M074" "argument-missing" Error "a hole of a shared call that nothing fills"
        "Every place that uses a shared call fills each of its holes in `args`.";
    ARGUMENT_UNKNOWN "M075" "argument-unknown" Error "an argument that the shared call has no hole for"
        "`args` fill the holes of the call that `via` names, and nothing else.";
    NAME_CLASH "M076" "name-clash" Error "a name that means something else already"
        "Holes of shared calls, lookups, attributes and the language's own placeholders share one space of names.";
    NEVER_USED "M077" "never-used" Warning "a shared call or a lookup that nothing uses"
        "Perhaps a name is spelled otherwise where it should be used.";
    LOOKUP_CIRCLE "M078" "lookup-circle" Error "lookups that need each other"
        "Each would have to be got before the other.";
    LOOKUP_ONCE "M079" "lookup-once" Error "a lookup whose life does not fit its use"
        "A lookup whose call names the account or the member is another one for each step: `lives: once`. Such a one has no value outside of a step.";
    ARGUMENT_NO_TEXT "M080" "argument-no-text" Error "an argument that cannot stand within a text"
        "A list or a map with placeholders in it fills only a hole that stands alone.";
    AUTH_INCOMPLETE "M081" "auth-incomplete" Error "a way to authenticate that lacks a part, or has one too many"
        "Each grant of `oauth2` wants its own parts; what is signed must be sent.";
    AUTH_CONFLICT "M082" "auth-conflict" Error "ways to authenticate that exclude each other"
        "Only one of them can say who calls; `client_certificate` and `query` may stand beside others.";
    READ_HIDES_FIELD "M083" "read-hides-field" Error "a named read that hides a field of the account"
        "The answer of a named read lies in the account's document under its name, so no field of the account that a rule needs may have that name.";
    READ_LIST_UNBOUNDED "M084" "read-list-unbounded" Error "an account read from a list that cannot be trusted to hold it"
        "`read: list` takes the item with the key. The list must exist, be complete or bounded by `scan`, and its items must be the account.";
    READ_FOR_NOTHING "M085" "read-for-nothing" Warning "a named read that nothing looks into"
        "It is never made. Name it in a path, `$.name.field`, or leave it out.";
    BODY_UNWRITABLE "M086" "body-unwritable" Error "a body that its encoding cannot write"
        "A form is a map of fields; XML has one root element, so its body is a map with one field; `text` takes a text.";
    HANDLE_WITHOUT_READ "M087" "handle-without-read" Error "a handle, and no call that takes it"
        "The handle of a list item fills `<key>` of the read call, so there must be one.";
    LIST_CONVERSION "M088" "list-conversion" Error "a conversion of list items that fits no rule"
        "`as` on a list names attributes with a rule whose field is read, and whose own conversion the list's replaces.";
    CONVERSION_MISFIT "M091" "conversion-misfit" Error "a conversion that does not fit the attribute"
        "`join` makes one text of a multi-valued attribute, `split` a list of a single text, `split_name` one text of `name`; all others change single values.";
    CONVERSION_UNCLEAR "M092" "conversion-unclear" Error "a conversion with no name, or with several"
        "A map under `as` has one key, which names the conversion; only `zone` stands beside another, `date`. Several conversions are a list.";
    BAD_DATE "M093" "bad-date" Error "a spelling of dates that cannot be used"
        "A `date` pattern is one of strftime and names at least the day, so that it reads back; a `zone` is UTC, an offset, a place such as Europe/Vienna, or POSIX rules.";
    HAS_UNCLEAR "M094" "has-unclear" Error "`has` for an attribute that it cannot tell"
        "An element is there or not, so the attribute is a boolean, or `values` says which of its values stands for true and which for false.";
    PRIMARY_UNCLEAR "M095" "primary-unclear" Error "`primary` told in no way, in several, or in one that cannot be sent"
        "One of `at`, `read`, `equals` and `first`. A choice that no call could send says `written: ignore`.";
    DOUBLE_MEMBER "M096" "double-member" Error "two rules for one element of an array"
        "Two `has` rules that mean the same element would undo each other.";
    KEYED_ELEMENTS "M097" "keyed-elements" Error "`key: true` where elements have no names"
        "The fields of an object are the elements, and their names one sub-attribute; the object is sent whole.";
    NEVER_SENT "M099" "never-sent" Error "an attribute that nothing ever sends"
        "The create drops the field, or its body does not hold it, and no row of `update` takes it: a client would set it in vain.";
    NOT_A_TIME "M100" "not-a-time" Error "not a time"
        "Times are a number and `ms`, `s` or `m`: `500ms`, `30s`.";
    THROUGH_NOTHING "M101" "through-nothing" Error "a list that nothing can be written through"
        "`through` names another type of the file and its `each:` list, whose `value` is two-way and says `ref:`, and whose changes a row of `update`, or `add` and `remove`, take. Without `each` beside it that type needs a complete `list`, one with `scan`, or a `find` by the list.";
    FIXED_AND_CALLS "M102" "fixed-and-calls" Error "a fixed list beside calls"
        "What the mapping itself lists is not read, made or deleted by calls. Each entry holds the key, and each its own.";
    LOOK_ALIKE "M103" "look-alike" Error "a character that only looks like a blank or a quote"
        "Word processors and web pages put no-break blanks and typographic quotes where YAML wants ordinary ones.";
    GLUED_COMMENT "M104" "glued-comment" Warning "a comment that may have been part of a text"
        "In YAML a blank and `#` begin a comment, so of `room #12` only `room` is read. Quote the text, or write a blank after `#`.";
    CHANGE_UNSEEN "M105" "change-unseen" Error "a change that the function which plans its calls cannot see"
        "The function is shown the account as the rules would leave it. A rule that only reads, and no single place that could be written, leaves no trace there.";
    READ_WRITTEN "M106" "read-written" Error "a rule that writes into the answer of a named read"
        "The answer of a named read lies in the account under its name to be looked at; the product has no such field. Read it with `read:`, and send a change by a row of `update` with a body of its own.";
    DEFAULT_MISFIT "M107" "default-misfit" Error "a default that its rule cannot send"
        "A default is a value of the attribute, and goes through the rule's `values`, `as` or `script` like one that a client sends. This one would be refused in every create that lacks the attribute.";
    DOUBLED_SIGN "M108" "doubled-sign" Warning "a sign doubled where nothing is escaped"
        "Spellings in `values` and `empty_as` hold no placeholders and lead nowhere: they are taken as they stand, so `<<` is two signs, and `$$` too.";
    MADE_OTHERWISE "M109" "made-otherwise" Warning "a made key that its field does not hold"
        "A made key holds attributes as the client sent them, shaped by `lower` and `slug` alone; the rule that writes the field where the key stands changes them first. What is asked for under the one is then kept under the other.";
}
