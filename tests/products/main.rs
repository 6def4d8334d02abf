//! Shipped mappings against real products, seen from outside: the `transom` binary in front, the product's own API as the
//! witness, a relay between them that counts calls. `tests/run` installs and starts the products and turns this on.
#![cfg(feature = "live")]

#[cfg(test)]
mod mailman;
#[cfg(test)]
mod rabbitmq;
#[cfg(test)]
mod redmine;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod synapse;
#[cfg(test)]
mod zabbix;

#[cfg(test)]
#[path = "../support/client.rs"]
mod client;
#[cfg(test)]
#[path = "../support/gateway.rs"]
mod gateway;
#[cfg(test)]
#[path = "../support/relay.rs"]
mod relay;
