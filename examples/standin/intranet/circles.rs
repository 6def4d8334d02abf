//! The intranet stand-in's circles in SQLite: groups of employees.

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::employees::existing;
use super::{Page, Problem};

const NOW: &str = "strftime('%Y-%m-%d %H:%M:%S', 'now')";

pub fn insert(database: &Connection, title: &str) -> Result<i64, Problem> {
    let sql = format!("INSERT INTO circles (title, created_on, changed_on) VALUES (?1, {NOW}, {NOW}) RETURNING id");
    Ok(database.query_row(&sql, [title], |row| row.get(0))?)
}

pub fn replace(database: &Connection, id: i64, title: &str) -> Result<(), Problem> {
    let sql = format!("UPDATE circles SET title = ?2, changed_on = {NOW} WHERE id = ?1");
    existing(database.execute(&sql, params![id, title])?)
}

pub fn delete(database: &Connection, id: i64) -> Result<(), Problem> {
    existing(database.execute("DELETE FROM circles WHERE id = ?1", [id])?)
}

pub fn read(database: &Connection, id: i64) -> Result<Value, Problem> {
    let sql = "SELECT id, title, created_on, changed_on FROM circles WHERE id = ?1";
    let mut circle = database.prepare_cached(sql)?.query_row([id], columns)?;
    let mut people = database.prepare_cached(
        "SELECT id, log_in, shown_as FROM employees JOIN circle_people ON employee = id WHERE circle = ?1 ORDER BY id",
    )?;
    let people = people.query_map([id], |row| {
        Ok(json!({ "id": row.get::<_, i64>(0)?, "log_in": row.get::<_, String>(1)?, "shown_as": row.get::<_, String>(2)? }))
    })?;
    circle.insert("people".to_owned(), Value::Array(people.collect::<Result<_, _>>()?));
    Ok(Value::Object(circle))
}

/// One page, and how many there are.
pub fn page(database: &Connection, page: &Page) -> Result<(Vec<Value>, i64), Problem> {
    let total = database.query_row("SELECT count(*) FROM circles", [], |row| row.get(0))?;
    let sql = "SELECT id, title, created_on, changed_on FROM circles ORDER BY id LIMIT ?1 OFFSET ?2";
    let mut found = database.prepare_cached(sql)?;
    let rows = found.query_map(page.window(), |row| columns(row).map(Value::Object))?;
    Ok((rows.collect::<Result<_, _>>()?, total))
}

pub fn add(database: &Connection, circle: i64, employee: i64) -> Result<(), Problem> {
    read(database, circle)?;
    let sql = "INSERT INTO circle_people (circle, employee) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    database.prepare_cached(sql)?.execute([circle, employee])?;
    Ok(())
}

pub fn remove(database: &Connection, circle: i64, employee: i64) -> Result<(), Problem> {
    read(database, circle)?;
    database.execute("DELETE FROM circle_people WHERE circle = ?1 AND employee = ?2", [circle, employee])?;
    Ok(())
}

/// The title of a circle as a client states it.
pub fn title(fields: &Map<String, Value>) -> Result<&str, Problem> {
    if let Some(stranger) = fields.keys().find(|name| *name != "title") {
        return Err(Problem::ReadOnly(format!("{stranger} cannot be changed")));
    }
    let title = fields.get("title").and_then(Value::as_str).filter(|title| !title.trim().is_empty());
    title.ok_or_else(|| Problem::Invalid("title cannot be empty".to_owned()))
}

fn columns(row: &rusqlite::Row<'_>) -> Result<Map<String, Value>, rusqlite::Error> {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(row.get::<_, i64>(0)?));
    for (place, name) in [(1, "title"), (2, "created_on"), (3, "changed_on")] {
        fields.insert(name.to_owned(), json!(row.get::<_, String>(place)?));
    }
    Ok(fields)
}
