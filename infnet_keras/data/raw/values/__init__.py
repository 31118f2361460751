"""Raw values to typed columns: types, times, ids, lists."""
