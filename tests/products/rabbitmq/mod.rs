//! `mappings/rabbitmq.yaml` against RabbitMQ: users, tags as groups, and what goes wrong.

mod amqp;
mod errors;
mod groups;
mod stage;
mod users;
