//! Messages and services as they are on the wire, one module for each protobuf package.

#[rustfmt::skip] // formatted by `cargo xtask codegen`
pub mod plugin;
#[rustfmt::skip]
pub mod tfplugin6;

use std::fmt;

// Configurations and states hold secrets, so that no log line, assertion or panic may print them.

impl fmt::Debug for tfplugin6::DynamicValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicValue({} bytes)", self.msgpack.len() + self.json.len())
    }
}

impl fmt::Debug for tfplugin6::RawState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawState({} bytes)", self.json.len())
    }
}
