//! Prints the type table as README.md shows it.

fn main() {
    print!("{}", migrator_model::rules::markdown());
}
