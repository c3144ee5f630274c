//! Lists: the items that pass the filters of a call, and one page of them.

use serde::Deserialize;

use super::envelope::ApiError;

/// One page of a list.
pub(super) struct Page<'a, T> {
    pub(super) items: Vec<&'a T>,
    /// `TotalCount`: how many items all pages have.
    pub(super) total: usize,
}

/// The page of a list that begins at `offset`. Beyond the end it is empty, unless the list is to be
/// endless: then it begins again, and its total stays ahead.
pub(super) fn page<T>(list: &[T], offset: usize, limit: usize, endless: bool) -> Page<'_, T> {
    if endless && !list.is_empty() {
        let items = list.iter().cycle().skip(offset % list.len()).take(limit).collect();
        return Page { items, total: offset.saturating_add(limit).saturating_add(1) };
    }
    Page { items: list.iter().skip(offset).take(limit).collect(), total: list.len() }
}

/// The items that pass every filter.
pub(super) fn select<T>(
    items: impl IntoIterator<Item = T>,
    filters: &[Filter],
    passes: impl Fn(&Filter, &T) -> Result<bool, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let mut selected = Vec::new();
    for item in items {
        let mut passes_all = true;
        for filter in filters {
            passes_all &= passes(filter, &item)?;
        }
        if passes_all {
            selected.push(item);
        }
    }
    Ok(selected)
}

/// One element of `Filters`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Filter {
    pub(super) name: String,
    values: Vec<String>,
}

impl Filter {
    /// Whether one of the values passes: the values of a filter are alternatives.
    pub(super) fn any(&self, test: impl Fn(&str) -> bool) -> bool {
        self.values.iter().any(|value| test(value))
    }

    /// Whether one of the values is this text.
    pub(super) fn has(&self, text: &str) -> bool {
        self.any(|value| value == text)
    }

    /// Refuses a filter that the action does not have.
    pub(super) fn unknown(&self, code: &'static str) -> ApiError {
        ApiError::new(code, format!("The filter `{}` does not exist.", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endless: bool, offset: usize, limit: usize, items: &[&u8], total: usize) {
        let page = page(&[1, 2, 3], offset, limit, endless);
        assert_eq!((page.items.as_slice(), page.total), (items, total));
    }

    #[test]
    fn page_ends_with_the_list() {
        check(false, 1, 5, &[&2, &3], 3);
        check(false, 0, 2, &[&1, &2], 3);
        check(false, 4, 1, &[], 3);
    }

    #[test]
    fn endless_page_repeats_the_list_and_promises_more() {
        check(true, 0, 2, &[&1, &2], 3);
        check(true, 2, 2, &[&3, &1], 5);
        check(true, 100, 2, &[&2, &3], 103);
    }
}
