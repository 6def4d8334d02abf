//! GET of one resource.

use crate::engine::account::Extent;
use crate::engine::{OperationError, Work};
use crate::mapping::Wants;
use crate::scim::path::AttributePath;
use crate::scim::projection::View;
use crate::scim::resource::Resource;

/// Reads the resource with this id, as much of it as the view shows.
///
/// # Errors
/// There is none; the target cannot be asked.
pub async fn read(work: &Work, id: &str, view: &View) -> Result<Resource, OperationError> {
    let kind = work.kind();
    let located = work.locate(id)?;
    work.prepare().await?;
    let among: Option<Vec<AttributePath>> = view.attributes(&kind.kind).map(Iterator::collect);
    let takes = |path: &AttributePath| view.wants(path, &kind.kind);
    let wants = Wants::among(among.as_deref(), &takes);
    let extent = if *view == View::all() || work.condition.is_some() { Extent::Whole } else { Extent::Part(wants) };
    let account = work.gather_unlocked(&located, extent).await?;
    Ok(account.resource)
}
