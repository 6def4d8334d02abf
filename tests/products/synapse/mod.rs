//! `mappings/synapse.yaml` against Matrix Synapse: accounts, searches, rooms, sessions, and what goes wrong.

mod errors;
mod groups;
mod pages;
mod stage;
mod users;
