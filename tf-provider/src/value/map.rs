//! Something for each of a number of names, in alphabetical order.

use std::{fmt, iter::Zip, slice, sync::Arc, vec};

use super::Key;

/// Something for each of a number of names, in alphabetical order: the attributes of an object or
/// the elements of a map, or the types of either.
///
/// The names are shared. A list of ten thousand objects has one set of names, the one that their
/// type has, so an object costs one allocation besides what it holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Map<V> {
    /// In order and without duplicates, as many as there are values.
    keys: Arc<[Key]>,
    values: Vec<V>,
}

impl<V> Map<V> {
    /// Nothing.
    pub fn new() -> Self {
        Self { keys: Arc::default(), values: Vec::new() }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What is there for that name.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.place(key).ok().and_then(|place| self.values.get(place))
    }

    /// What is there for that name, to be changed in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.place(key).ok().and_then(|place| self.values.get_mut(place))
    }

    /// Whether there is something for that name.
    pub fn contains_key(&self, key: &str) -> bool {
        self.place(key).is_ok()
    }

    /// Puts something in the place of what was there for that name, which is returned.
    pub fn insert(&mut self, key: impl Into<Key>, value: V) -> Option<V> {
        let key = key.into();
        match self.place(&key) {
            Ok(place) => self.values.get_mut(place).map(|old| std::mem::replace(old, value)),
            Err(place) => {
                let mut keys = self.keys.to_vec();
                keys.insert(place, key);
                self.keys = keys.into();
                self.values.insert(place, value);
                None
            }
        }
    }

    /// The names.
    pub fn keys(&self) -> slice::Iter<'_, Key> {
        self.keys.iter()
    }

    /// What is there for each name.
    pub fn values(&self) -> slice::Iter<'_, V> {
        self.values.iter()
    }

    /// What is there for each name, to be changed in place.
    pub fn values_mut(&mut self) -> slice::IterMut<'_, V> {
        self.values.iter_mut()
    }

    /// Each name with what is there for it.
    pub fn iter(&self) -> Zip<slice::Iter<'_, Key>, slice::Iter<'_, V>> {
        self.into_iter()
    }

    /// The same names with something else for each. `None` if there is not one for each name.
    pub(crate) fn with_values<W>(&self, values: Vec<W>) -> Option<Map<W>> {
        (values.len() == self.len()).then(|| Map { keys: Arc::clone(&self.keys), values })
    }

    /// Where that name is and what is there. It is looked for first where it is expected.
    pub(crate) fn find(&self, key: &str, expected: usize) -> Option<(usize, &V)> {
        let found = self.keys.get(expected).is_some_and(|there| there == key);
        let place = if found { expected } else { self.place(key).ok()? };
        self.values.get(place).map(|value| (place, value))
    }

    /// Where that name is, or would have to be.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.keys.binary_search_by(|there| there.as_str().cmp(key))
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self::new()
    }
}

/// Of several entries with one name the last one counts.
impl<K: Into<Key>, V> FromIterator<(K, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(Key, V)> =
            entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        let (keys, values): (Vec<_>, _) = entries.into_iter().unzip();
        Self { keys: keys.into(), values }
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (Key, V);
    type IntoIter = vec::IntoIter<(Key, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.iter().cloned().zip(self.values).collect::<Vec<_>>().into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a Key, &'a V);
    type IntoIter = Zip<slice::Iter<'a, Key>, slice::Iter<'a, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.keys.iter().zip(&self.values)
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is done to it, it is the map that the standard library would make of it.
        #[test]
        fn map_behaves_as_btreemap(
            first in proptest::collection::vec(("[a-e]{0,2}", any::<u8>()), 0..9),
            then in proptest::collection::vec(("[a-e]{0,2}", any::<u8>()), 0..9),
        ) {
            let mut map: Map<u8> = first.iter().map(|(key, value)| (key, *value)).collect();
            let mut expected: BTreeMap<String, u8> = first.into_iter().collect();
            for (key, value) in then {
                prop_assert_eq!(map.get(&key), expected.get(&key));
                prop_assert_eq!(map.insert(&key, value), expected.insert(key, value));
                prop_assert_eq!(map.len(), expected.len());
            }
            let entries: Vec<_> =
                map.clone().into_iter().map(|(key, value)| (String::from(key), value)).collect();
            prop_assert_eq!(entries, expected.into_iter().collect::<Vec<_>>());
            let again: Map<u8> = map.iter().map(|(key, value)| (key, *value)).collect();
            prop_assert_eq!(again, map);
        }
    }

    #[test]
    fn names_are_shared() {
        let types: Map<u8> = [("b", 1), ("a", 2)].into_iter().collect();
        let values = types.with_values(vec!["x", "y"]).unwrap();
        assert!(Arc::ptr_eq(&values.keys, &types.keys));
        assert_eq!(values.get("b"), Some(&"y"));
        assert_eq!(types.with_values(vec!["x"]), None);
        assert_eq!((types.find("b", 1), types.find("b", 0)), (Some((1, &1)), Some((1, &1))));
        assert_eq!(types.find("c", 5), None);
    }
}
