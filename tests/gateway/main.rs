//! The gateway on real sockets: the stand-in product behind it in the same process, its database as the witness of what was
//! written, its call counter as the witness of what was asked. Where the process itself is the point, the built binary.

#[cfg(test)]
mod access;
#[cfg(test)]
mod bad_requests;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod creates;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod log;
#[cfg(test)]
mod memberships;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod start;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod unstable;
#[cfg(test)]
mod walk;

#[cfg(test)]
#[path = "../../examples/standin/mod.rs"]
mod standin;

#[cfg(test)]
use standin::client;
