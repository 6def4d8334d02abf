//! The intranet stand-in's employees in SQLite.

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde_json::{Map, Value, json};

use super::employee::{ADDRESS, Employee, Item, LISTS, TEXTS};
use super::{Page, Problem};

const NOW: &str = "strftime('%Y-%m-%d %H:%M:%S', 'now')";

/// The new employee's row, without lists and addresses; its id.
pub fn insert(database: &Connection, employee: &Employee) -> Result<i64, Problem> {
    let columns = TEXTS.join(", ");
    let holes = vec!["?"; TEXTS.len() + 6].join(", ");
    let sql = format!(
        "INSERT INTO employees (log_in, log_in_key, status, desk, superior, password, {columns}, created_on, changed_on)
         VALUES ({holes}, {NOW}, {NOW}) RETURNING id"
    );
    let mut cells = own_cells(employee);
    cells.push(Cell::Text(employee.password.clone().unwrap_or_default()));
    cells.extend(employee.texts.iter().cloned().map(Cell::Text));
    Ok(database.prepare_cached(&sql)?.query_row(params_from_iter(cells), |row| row.get(0))?)
}

/// The second half of a create or a change: lists and addresses, whole.
pub fn fill(database: &Connection, id: i64, employee: &Employee) -> Result<(), Problem> {
    database.execute("DELETE FROM employee_items WHERE employee = ?1", [id])?;
    database.execute("DELETE FROM employee_addresses WHERE employee = ?1", [id])?;
    let sql =
        "INSERT INTO employee_items (employee, list, position, value, label, sort, main) VALUES (?, ?, ?, ?, ?, ?, ?)";
    for (list, items) in &employee.lists {
        for (position, item) in items.iter().enumerate() {
            let place = [Cell::Integer(id), Cell::Text((*list).to_owned())];
            database
                .prepare_cached(sql)?
                .execute(params_from_iter(place.into_iter().chain(item_cells(position, item))))?;
        }
    }
    let sql = format!(
        "INSERT INTO employee_addresses (employee, position, {}, main) VALUES ({})",
        ADDRESS.join(", "),
        vec!["?"; ADDRESS.len() + 3].join(", ")
    );
    for (position, item) in employee.addresses.iter().enumerate() {
        let cells = std::iter::once(Cell::Integer(id)).chain(item_cells(position, item));
        database.prepare_cached(&sql)?.execute(params_from_iter(cells))?;
    }
    Ok(())
}

/// Replaces the row, apart from the password.
pub fn replace(database: &Connection, id: i64, employee: &Employee) -> Result<(), Problem> {
    let columns: String = TEXTS.iter().map(|name| format!(", {name} = ?")).collect();
    let sql = format!(
        "UPDATE employees SET log_in = ?, log_in_key = ?, status = ?, desk = ?, superior = ?{columns}, changed_on = {NOW}
         WHERE id = ?"
    );
    let mut cells = own_cells(employee);
    cells.extend(employee.texts.iter().cloned().map(Cell::Text));
    cells.push(Cell::Integer(id));
    existing(database.prepare_cached(&sql)?.execute(params_from_iter(cells))?)
}

pub fn set_password(database: &Connection, id: i64, password: &str) -> Result<(), Problem> {
    existing(database.execute("UPDATE employees SET password = ?2 WHERE id = ?1", params![id, password])?)
}

pub fn delete(database: &Connection, id: i64) -> Result<(), Problem> {
    existing(database.execute("DELETE FROM employees WHERE id = ?1", [id])?)
}

pub fn read(database: &Connection, id: i64) -> Result<Value, Problem> {
    let row = database.prepare_cached("SELECT * FROM employees WHERE id = ?1")?.query_row([id], columns)?;
    whole(database, row)
}

pub fn by_log_in(database: &Connection, log_in: &str) -> Result<Vec<Value>, Problem> {
    let mut found = database.prepare_cached("SELECT * FROM employees WHERE log_in_key = ?1")?;
    let row = found.query_row([log_in.to_lowercase()], columns).optional()?;
    row.into_iter().map(|row| whole(database, row)).collect()
}

/// One page, and how many there are.
pub fn page(database: &Connection, page: &Page) -> Result<(Vec<Value>, i64), Problem> {
    let total = database.query_row("SELECT count(*) FROM employees", [], |row| row.get(0))?;
    let mut found = database.prepare_cached("SELECT * FROM employees ORDER BY id LIMIT ?1 OFFSET ?2")?;
    let rows: Vec<Map<String, Value>> = found.query_map(page.window(), columns)?.collect::<Result<_, _>>()?;
    Ok((rows.into_iter().map(|row| whole(database, row)).collect::<Result<_, _>>()?, total))
}

pub fn existing(rows: usize) -> Result<(), Problem> {
    if rows == 0 { Err(Problem::Absent) } else { Ok(()) }
}

fn own_cells(employee: &Employee) -> Vec<Cell> {
    let texts = [&employee.log_in, &employee.log_in.to_lowercase(), &employee.status, &employee.desk];
    let mut cells: Vec<Cell> = texts.into_iter().cloned().map(Cell::Text).collect();
    cells.push(Cell::Integer(employee.superior));
    cells
}

fn item_cells(position: usize, item: &Item) -> Vec<Cell> {
    let mut cells = vec![Cell::Integer(i64::try_from(position).unwrap_or(i64::MAX))];
    cells.extend(item.texts.iter().cloned().map(Cell::Text));
    cells.push(item.main.map_or(Cell::Null, |main| Cell::Integer(i64::from(main))));
    cells
}

/// What a row shows.
fn columns(row: &Row<'_>) -> Result<Map<String, Value>, rusqlite::Error> {
    let mut fields = Map::new();
    fields.insert("id".to_owned(), json!(row.get::<_, i64>("id")?));
    for name in ["log_in", "status", "desk", "created_on", "changed_on"].iter().chain(&TEXTS) {
        fields.insert((*name).to_owned(), json!(row.get::<_, String>(*name)?));
    }
    fields.insert("superior".to_owned(), json!(row.get::<_, i64>("superior")?));
    Ok(fields)
}

fn whole(database: &Connection, mut fields: Map<String, Value>) -> Result<Value, Problem> {
    let id = fields["id"].as_i64().unwrap_or_default();
    for list in LISTS {
        fields.insert(list.to_owned(), json!([]));
    }
    let mut items = database.prepare_cached(
        "SELECT list, value, label, sort, main FROM employee_items WHERE employee = ?1 ORDER BY list, position",
    )?;
    let mut rows = items.query([id])?;
    while let Some(row) = rows.next()? {
        let list: String = row.get(0)?;
        let item = shown(row, &["value", "label", "sort"])?;
        if let Some(Value::Array(all)) = fields.get_mut(&list) {
            all.push(item);
        }
    }
    let mut addresses =
        database.prepare_cached("SELECT * FROM employee_addresses WHERE employee = ?1 ORDER BY position")?;
    let addresses: Vec<Value> = addresses.query_map([id], |row| shown(row, &ADDRESS))?.collect::<Result<_, _>>()?;
    fields.insert("addresses".to_owned(), json!(addresses));
    let mut circles = database.prepare_cached(
        "SELECT id, title FROM circles JOIN circle_people ON circle = id WHERE employee = ?1 ORDER BY id",
    )?;
    let circles =
        circles.query_map([id], |row| Ok(json!({ "id": row.get::<_, i64>(0)?, "title": row.get::<_, String>(1)? })))?;
    fields.insert("circles".to_owned(), Value::Array(circles.collect::<Result<_, _>>()?));
    Ok(Value::Object(fields))
}

fn shown(row: &Row<'_>, texts: &[&str]) -> Result<Value, rusqlite::Error> {
    let mut item = Map::new();
    for name in texts {
        item.insert((*name).to_owned(), json!(row.get::<_, String>(*name)?));
    }
    item.insert("main".to_owned(), json!(row.get::<_, Option<i64>>("main")?));
    Ok(Value::Object(item))
}
