//! Lists as a client reads them: page after page, by `startIndex` and `count`.

use serde_json::Value;

use crate::stage::Stage;

/// Every resource of `path`, asked for in pages of `count`. No page may be larger, none but the last smaller, and all must
/// speak of the same total.
pub async fn walk(stage: &Stage, path: &str, count: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut total = None;
    loop {
        let call = format!("GET {path}?startIndex={}&count={count}", all.len() + 1);
        let page = stage.expect(200, &call, Value::Null).await;
        let of = page["totalResults"].as_u64().expect("totalResults") as usize;
        assert_eq!(*total.get_or_insert(of), of, "{call}: the total changed");
        let resources = page["Resources"].as_array().cloned().unwrap_or_default();
        assert_eq!(resources.len(), count.min(of.saturating_sub(all.len())), "{call}");
        assert_eq!(page["startIndex"], all.len() + 1, "{call}");
        assert_eq!(page["itemsPerPage"], resources.len(), "{call}");
        all.extend(resources);
        if all.len() >= of {
            return all;
        }
    }
}
