//! Durations of `timeouts`: what is read is printed so that it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tf_provider::timeouts::GoDuration;

fuzz_target!(|text: &str| {
    if let Ok(duration) = text.parse::<GoDuration>() {
        assert!(!duration.duration().is_zero());
        assert_eq!(duration.to_string().parse(), Ok(duration));
    }
});
