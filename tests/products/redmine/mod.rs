//! `mappings/redmine.yaml` against Redmine: accounts, searches, groups, and what goes wrong.

mod errors;
mod groups;
mod stage;
mod users;
