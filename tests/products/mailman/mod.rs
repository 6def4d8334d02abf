//! `mappings/mailman.yaml` against GNU Mailman core: accounts, searches, lists, and what goes wrong.

mod errors;
mod groups;
mod pages;
mod stage;
mod users;
