//! Waiting for a condition that another process brings about.

use std::{
    thread,
    time::{Duration, Instant},
};

/// What `find` returns in the end, or nothing if the time runs out first.
pub fn poll<T>(limit: Duration, mut find: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = find();
        if found.is_some() || start.elapsed() >= limit {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
