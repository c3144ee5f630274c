//! To be written.

mod protocol;
