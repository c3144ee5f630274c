//! An action.

use super::Store;
use crate::{Action, Cx, Diagnostic, Diagnostics, Model, Partial, Result, validate::range};

/// Rings a bell.
#[derive(Model, Clone, Debug)]
pub(crate) struct Ring {
    /// Which one; some make the service misbehave.
    bell: String,
    /// How often.
    #[tf(default = 2, validate = range(1..=1_000_000))]
    times: u32,
}

impl Action for Ring {
    const NAME: &'static str = "ring";
    type Client = Store;

    fn plan(config: &Partial<Self>, client: Option<&Store>) -> Diagnostics {
        match (config.bell.known().map(String::as_str), client) {
            (Some("panic"), _) => panic!("told to"),
            (Some("stolen"), Some(_)) => {
                Diagnostic::error("there is no such bell").at("bell").into()
            }
            _ => Diagnostics::new(),
        }
    }

    async fn invoke(self, cx: &Cx<Store>) -> Result<()> {
        for n in 1..=self.times {
            cx.progress(format!("{} rings {n} of {}", self.bell, self.times));
            tokio::task::yield_now().await;
            if cx.cancelled().is_cancelled() {
                return Err(Diagnostic::error("stopped").into());
            }
        }
        assert_ne!(self.bell, "panic", "told to");
        if self.bell == "error" {
            return Err(Diagnostic::error("told to").into());
        }
        cx.warn(Diagnostic::warning("it rang"));
        Ok(())
    }
}
