# CREATE VIEW statements from translations.txt.
/^==/ { split(substr($0, 4), part, / *\| */); schema = part[2]; table = part[3]; next }
/^#/ || !/ \| / { next }
{
    at = index($0, " | ")
    name = substr($0, 1, at - 1)
    text = substr($0, at + 3)
    if (length(name) > 1) sub(/[?~^]$/, "", name)
    gsub(/"/, "\"\"", name)
    if (text !~ /^(SELECT|FROM|WITH) /) {
        other = index(text, " @ ")
        from = other ? substr(text, other + 3) : table
        text = "SELECT id, " (other ? substr(text, 1, other - 1) : text) " FROM " from
    }
    print "CREATE VIEW " schema ".\"" name "\" AS " text ";"
}
