//! Real Terraform and the real provider on the sandbox. One program, for the sake of link time.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

mod cluster;
mod examples;
mod faults;
mod identity;
mod invalid_configuration;
mod limited;
mod process;
mod secrets;
mod security_group;
mod security_group_policy;
mod security_group_rule;
mod seed_scenario;
mod unreliable_services;
