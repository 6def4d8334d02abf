//! Who may use a product when: tests share it, but whoever walks over its lists wants nobody to make or delete accounts
//! meanwhile. Locks on files, as every test may be a process of its own.

use std::fs::File;
use std::path::Path;

/// Given back when dropped.
pub struct Turn {
    _file: File,
}

impl Turn {
    /// Beside all others that share `product`.
    pub async fn shared(product: &'static str) -> Self {
        Self::wait(product, File::lock_shared).await
    }

    /// With nobody else using `product`.
    pub async fn alone(product: &'static str) -> Self {
        Self::wait(product, File::lock).await
    }

    async fn wait(product: &'static str, lock: fn(&File) -> std::io::Result<()>) -> Self {
        let waiting = tokio::task::spawn_blocking(move || {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{product}.turn"));
            let file = File::create(path).expect("a file to lock");
            lock(&file).expect("a lock on it");
            Self { _file: file }
        });
        waiting.await.expect("a turn")
    }
}
