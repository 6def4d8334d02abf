//! The Mooncamp stand-in's members and properties in SQLite.

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, Row, params, params_from_iter};
use serde_json::{Map, Value, json};

use super::member::{Change, TEXTS};
use super::{Extent, Page, Problem, is_foreign};

const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

pub fn insert(database: &Connection, change: &Change, extent: Extent) -> Result<String, Problem> {
    let login = change.login.as_ref().ok_or_else(|| Problem::Invalid(vec!["login is missing".to_owned()]))?;
    let sql = format!(
        "INSERT INTO members (id, login, login_key, state, created_at, updated_at)
         VALUES ('mem_' || lower(hex(randomblob(8))), ?1, ?2, 'active', {NOW}, {NOW}) RETURNING id"
    );
    let id: String = database.prepare_cached(&sql)?.query_row([login, &login.to_lowercase()], |row| row.get(0))?;
    set_fields(database, &id, change)?;
    if extent == Extent::Whole {
        set_properties(database, &id, change)?;
    }
    Ok(id)
}

pub fn merge(database: &Connection, id: &str, change: &Change) -> Result<(), Problem> {
    set_fields(database, id, change)?;
    set_properties(database, id, change)
}

pub fn delete(database: &Connection, id: &str) -> Result<(), Problem> {
    existing(database.execute("DELETE FROM members WHERE id = ?1", [id])?)
}

pub fn read(database: &Connection, id: &str) -> Result<Value, Problem> {
    let row = database.prepare_cached("SELECT * FROM members WHERE id = ?1")?.query_row([id], columns)?;
    whole(database, row)
}

/// Those whose `column` holds this text, in any case.
pub fn matching(database: &Connection, column: &'static str, text: &str) -> Result<Vec<Value>, Problem> {
    let sql = format!("SELECT * FROM members WHERE {column} = ?1 ORDER BY number");
    let mut found = database.prepare_cached(&sql)?;
    let rows: Vec<Map<String, Value>> = found.query_map([text.to_lowercase()], columns)?.collect::<Result<_, _>>()?;
    rows.into_iter().map(|row| whole(database, row)).collect()
}

/// One page, the number of its last member, and how many members there are.
pub fn page(database: &Connection, page: &Page) -> Result<(Vec<Value>, Option<i64>, i64), Problem> {
    let total = database.query_row("SELECT count(*) FROM members", [], |row| row.get(0))?;
    let mut found = database.prepare_cached("SELECT * FROM members WHERE number > ?1 ORDER BY number LIMIT ?2")?;
    let rows = found.query_map([page.after, page.limit], |row| Ok((row.get::<_, i64>("number")?, columns(row)?)))?;
    let rows: Vec<(i64, Map<String, Value>)> = rows.collect::<Result<_, _>>()?;
    let last = rows.last().map(|(number, _)| *number).filter(|_| i64::try_from(rows.len()) == Ok(page.limit));
    Ok((rows.into_iter().map(|(_, row)| whole(database, row)).collect::<Result<_, _>>()?, last, total))
}

pub fn properties(database: &Connection) -> Result<Vec<Value>, Problem> {
    let mut found = database.prepare_cached("SELECT key, title FROM properties ORDER BY key")?;
    let rows =
        found.query_map([], |row| Ok(json!({ "key": row.get::<_, String>(0)?, "title": row.get::<_, String>(1)? })))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn define(database: &Connection, key: &str, title: &str) -> Result<(), Problem> {
    database.execute("INSERT OR REPLACE INTO properties (key, title) VALUES (?1, ?2)", [key, title])?;
    Ok(())
}

pub fn existing(rows: usize) -> Result<(), Problem> {
    if rows == 0 { Err(Problem::NotFound) } else { Ok(()) }
}

fn set_fields(database: &Connection, id: &str, change: &Change) -> Result<(), Problem> {
    let mut cells: Vec<(&str, Cell)> = Vec::new();
    if let Some(login) = &change.login {
        cells.push(("login", Cell::Text(login.clone())));
        cells.push(("login_key", Cell::Text(login.to_lowercase())));
    }
    cells.extend(change.state.map(|state| ("state", Cell::Text(state.to_owned()))));
    let texts = change.texts.iter().map(|(column, text)| (*column, text.clone().map_or(Cell::Null, Cell::Text)));
    cells.extend(texts);
    let columns: String = cells.iter().map(|(column, _)| format!(", {column} = ?")).collect();
    let sql = format!("UPDATE members SET updated_at = {NOW}{columns} WHERE id = ?");
    let values = cells.into_iter().map(|(_, cell)| cell).chain(std::iter::once(Cell::Text(id.to_owned())));
    existing(database.prepare_cached(&sql)?.execute(params_from_iter(values))?)
}

fn set_properties(database: &Connection, id: &str, change: &Change) -> Result<(), Problem> {
    for (key, text) in &change.properties {
        let done = match text {
            Some(text) => database.execute(
                "INSERT INTO member_properties (member, key, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT (member, key) DO UPDATE SET value = excluded.value",
                params![id, key, text],
            ),
            None => database.execute("DELETE FROM member_properties WHERE member = ?1 AND key = ?2", params![id, key]),
        };
        done.map_err(|cause| if is_foreign(&cause) { Problem::UnknownProperty(key.clone()) } else { cause.into() })?;
    }
    Ok(())
}

/// What a row shows.
fn columns(row: &Row<'_>) -> Result<Map<String, Value>, rusqlite::Error> {
    let mut fields = Map::new();
    let own = [
        ("id", "id"),
        ("login", "login"),
        ("state", "state"),
        ("createdAt", "created_at"),
        ("updatedAt", "updated_at"),
    ];
    for (name, column) in own.iter().chain(&TEXTS) {
        fields.insert((*name).to_owned(), json!(row.get::<_, Option<String>>(*column)?));
    }
    Ok(fields)
}

fn whole(database: &Connection, mut fields: Map<String, Value>) -> Result<Value, Problem> {
    let id = fields["id"].as_str().unwrap_or_default().to_owned();
    let mut properties =
        database.prepare_cached("SELECT key, value FROM member_properties WHERE member = ?1 ORDER BY key")?;
    let properties =
        properties.query_map([&id], |row| Ok((row.get::<_, String>(0)?, json!(row.get::<_, String>(1)?))))?;
    let properties: Map<String, Value> = properties.collect::<Result<_, _>>()?;
    let mut teams = database.prepare_cached(
        "SELECT id, name FROM teams JOIN team_members ON team = id WHERE member = ?1 ORDER BY number",
    )?;
    let teams = teams
        .query_map([&id], |row| Ok(json!({ "id": row.get::<_, String>(0)?, "name": row.get::<_, String>(1)? })))?;
    let teams: Vec<Value> = teams.collect::<Result<_, _>>()?;
    fields.insert("properties".to_owned(), Value::Object(properties));
    fields.insert("teams".to_owned(), Value::Array(teams));
    Ok(Value::Object(fields))
}
