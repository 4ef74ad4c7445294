//! The keys: those that the service secret gives, the stored root of those that outlive it, and one for each person whose
//! data stands in events.

pub(crate) mod keyring;
pub(crate) mod random;
pub(crate) mod secret_file;
pub(crate) mod service_keys;
pub(crate) mod subject_keys;
