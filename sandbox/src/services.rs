//! The services of one sandbox, and the log and faults that they share.

use std::mem;

use serde_json::{Value, json};

use crate::{
    cloud::{ApiError, Cloud},
    cluster::Cluster,
    faults::Faults,
    log::Log,
    seed::Seed,
};

/// Cloud and cluster with their log and faults. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) cloud: Cloud,
    pub(crate) cluster: Cluster,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
}

impl Services {
    /// Services in the state that every sandbox starts with.
    pub(crate) fn new() -> Self {
        let (log, faults) = (Log::new(), Faults::default());
        let cloud = Cloud::new(log.clone(), faults.clone());
        let cluster = Cluster::new(log.clone(), faults.clone());
        let services = Self { cloud, cluster, log, faults };
        services.reset();
        services
    }

    pub(crate) fn reset(&self) {
        self.faults.clear();
        self.cloud.reset();
        self.cluster.reset();
        self.seed(Seed::initial()).expect("what a sandbox starts with is valid");
        self.log.clear();
    }

    pub(crate) fn seed(&self, mut seed: Seed) -> Result<Vec<String>, ApiError> {
        for namespace in mem::take(&mut seed.namespaces) {
            self.cluster.seed_namespace(&namespace);
        }
        if let Some(crd) = seed.crd {
            self.cluster.set_crd(crd);
        }
        self.cloud.seed(seed)
    }

    pub(crate) fn state(&self) -> Value {
        json!({"cloud": self.cloud.dump(), "cluster": self.cluster.dump()})
    }
}
