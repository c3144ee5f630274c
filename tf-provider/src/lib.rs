//! To be written.

mod protocol;
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;
