//! The Mooncamp stand-in's teams in SQLite.

use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value, json};

use super::members::existing;
use super::{Extent, Page, Problem, is_foreign};

const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// A team as a client states it, always whole.
#[derive(Debug)]
pub struct Team {
    name: String,
    members: Option<Vec<String>>,
}

impl Team {
    pub fn read(fields: &Map<String, Value>) -> Result<Self, Problem> {
        let invalid = |text: &str| Problem::Invalid(vec![text.to_owned()]);
        if let Some(stranger) = fields.keys().find(|name| !matches!(name.as_str(), "name" | "memberIds")) {
            return Err(invalid(&format!("{stranger} cannot be changed")));
        }
        let name = fields.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| invalid("name is missing"))?.to_owned();
        let text = |id: &Value| id.as_str().map(str::to_owned);
        let members = match fields.get("memberIds") {
            None | Some(Value::Null) => None,
            Some(Value::Array(ids)) => {
                let ids: Option<Vec<String>> = ids.iter().map(text).collect();
                Some(ids.ok_or_else(|| invalid("memberIds must be texts"))?)
            }
            Some(_) => return Err(invalid("memberIds must be a list")),
        };
        Ok(Self { name, members })
    }
}

pub fn insert(database: &Connection, team: &Team, extent: Extent) -> Result<String, Problem> {
    let sql = format!(
        "INSERT INTO teams (id, name, name_key, created_at, updated_at)
         VALUES ('team_' || lower(hex(randomblob(8))), ?1, ?2, {NOW}, {NOW}) RETURNING id"
    );
    let names = [&team.name, &team.name.to_lowercase()];
    let id: String = database.query_row(&sql, names, |row| row.get(0)).map_err(taken)?;
    if extent == Extent::Whole {
        set_members(database, &id, team.members.as_deref().unwrap_or_default())?;
    }
    Ok(id)
}

pub fn replace(database: &Connection, id: &str, team: &Team) -> Result<(), Problem> {
    let missing = || Problem::Invalid(vec!["memberIds is missing: a team is written whole".to_owned()]);
    let members = team.members.as_deref().ok_or_else(missing)?;
    let sql = format!("UPDATE teams SET name = ?2, name_key = ?3, updated_at = {NOW} WHERE id = ?1");
    existing(database.execute(&sql, params![id, team.name, team.name.to_lowercase()]).map_err(taken)?)?;
    database.execute("DELETE FROM team_members WHERE team = ?1", [id])?;
    set_members(database, id, members)
}

pub fn delete(database: &Connection, id: &str) -> Result<(), Problem> {
    existing(database.execute("DELETE FROM teams WHERE id = ?1", [id])?)
}

pub fn read(database: &Connection, id: &str) -> Result<Value, Problem> {
    let mut team = database.prepare_cached("SELECT * FROM teams WHERE id = ?1")?.query_row([id], columns)?;
    let mut members = database.prepare_cached(
        "SELECT member FROM team_members JOIN members ON members.id = member WHERE team = ?1 ORDER BY members.number",
    )?;
    let members: Vec<String> = members.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    team.insert("memberIds".to_owned(), json!(members));
    Ok(Value::Object(team))
}

/// Those with this name, in any case.
pub fn named(database: &Connection, name: &str) -> Result<Vec<Value>, Problem> {
    let mut found = database.prepare_cached("SELECT * FROM teams WHERE name_key = ?1 ORDER BY number")?;
    let rows = found.query_map([name.to_lowercase()], |row| columns(row).map(Value::Object))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One page, the number of its last team, and how many teams there are.
pub fn page(database: &Connection, page: &Page) -> Result<(Vec<Value>, Option<i64>, i64), Problem> {
    let total = database.query_row("SELECT count(*) FROM teams", [], |row| row.get(0))?;
    let mut found = database.prepare_cached("SELECT * FROM teams WHERE number > ?1 ORDER BY number LIMIT ?2")?;
    let rows = found.query_map([page.after, page.limit], |row| Ok((row.get::<_, i64>("number")?, columns(row)?)))?;
    let rows: Vec<(i64, Map<String, Value>)> = rows.collect::<Result<_, _>>()?;
    let last = rows.last().map(|(number, _)| *number).filter(|_| i64::try_from(rows.len()) == Ok(page.limit));
    Ok((rows.into_iter().map(|(_, row)| Value::Object(row)).collect(), last, total))
}

fn taken(cause: rusqlite::Error) -> Problem {
    match cause.into() {
        Problem::LoginTaken => Problem::NameTaken,
        other => other,
    }
}

fn set_members(database: &Connection, team: &str, members: &[String]) -> Result<(), Problem> {
    let sql = "INSERT INTO team_members (team, member) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let mut insert = database.prepare_cached(sql)?;
    for member in members {
        let unknown = |cause| if is_foreign(&cause) { Problem::UnknownMember(member.clone()) } else { cause.into() };
        insert.execute([team, member]).map_err(unknown)?;
    }
    Ok(())
}

fn columns(row: &Row<'_>) -> Result<Map<String, Value>, rusqlite::Error> {
    let mut fields = Map::new();
    for (name, column) in [("id", "id"), ("name", "name"), ("createdAt", "created_at"), ("updatedAt", "updated_at")] {
        fields.insert(name.to_owned(), json!(row.get::<_, String>(column)?));
    }
    Ok(fields)
}
