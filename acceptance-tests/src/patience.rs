//! Waiting for what comes by itself.

use std::time::{Duration, Instant};

/// What `look` finds in the end, if it does so in this time.
pub fn patiently<T>(limit: Duration, look: impl Fn() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_some() || start.elapsed() >= limit {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
