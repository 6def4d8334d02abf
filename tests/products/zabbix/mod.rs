//! `mappings/zabbix.yaml` against Zabbix: users, groups, sessions, and what goes wrong.

mod errors;
mod groups;
mod sessions;
mod stage;
mod users;
