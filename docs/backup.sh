#!/bin/sh
# Writes a backup of a database, with roll and ballots in the order of their keys:
#     docs/backup.sh postgresql://… FILE.sql        restored with: psql -X -v ON_ERROR_STOP=1 -d postgresql://… -f FILE.sql
#     docs/backup.sh sqlite:///PATH FILE.sqlite3    is a database itself; needs python3
# pg_dump alone writes rows as they lie, and while a vote runs that is the order of voting. All of it is read in one
# snapshot, and nobody waits for it. FILE appears whole or not at all; else one line says why, and the exit status is not 0.
set -eu
umask 077
database=$1 target=$2
folder=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$folder"' EXIT

torn() {
    echo "backup.sh: $1; nothing was written to $target" >&2
    exit 1
}

case "$database" in sqlite:*)
    file=${database#sqlite:///}
    test -f "$file" || torn "there is no $file"
    python3 - "$file" "$folder/whole" <<'END' || torn "$file could not be copied"
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1]).execute("VACUUM INTO ?", sys.argv[2:])
except sqlite3.Error as failure:
    sys.exit(str(failure))
END
    python3 - "$folder/whole" <<'END' || torn "the copy is torn"
import sqlite3, sys
try:
    copy = sqlite3.connect(sys.argv[1])
    found = [*copy.execute("PRAGMA integrity_check(1)"), *copy.execute("SELECT 'schema' FROM alembic_version")]
except sqlite3.Error as failure:
    sys.exit(str(failure))
if found != [("ok",), ("schema",)]:
    sys.exit(str(found))
END
    mv "$folder/whole" "$target"
    exit
esac

tables="roll_entry:question_id,participant_id ballot:question_id,voter_tag pending_leaf:question_id,commitment,kind"
without="" sorted=""
for one in $tables; do
    without="$without --exclude-table-data=public.${one%%:*}"
    sorted="$sorted
\\copy (SELECT * FROM public.${one%%:*} ORDER BY ${one#*:}) TO '$folder/${one%%:*}'"
done
export FOLDER="$folder" DATABASE="$database" WITHOUT="$without"
psql -X -q -A -t -v ON_ERROR_STOP=1 "$database" <<END || torn "roll and ballots could not be read"
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\! pg_dump --snapshot="\$SNAPSHOT" --no-owner --no-privileges --section=pre-data -f "\$FOLDER/pre" "\$DATABASE"
\\! pg_dump --snapshot="\$SNAPSHOT" --no-owner --no-privileges --section=data \$WITHOUT -f "\$FOLDER/data" "\$DATABASE"
\\! pg_dump --snapshot="\$SNAPSHOT" --no-owner --no-privileges --section=post-data -f "\$FOLDER/post" "\$DATABASE"
$sorted
COMMIT;
END
# psql goes on when a command of the shell fails, so each part has to end as pg_dump ends: with this line, and newer ones
# with the word that they began with.
for part in pre data post; do
    word=$(head -n 8 "$folder/$part" 2>&1 | sed -n 's/^\\restrict //p')
    tail -n 6 "$folder/$part" 2>&1 | grep -q -x -e '-- PostgreSQL database dump complete' || torn "the part »$part« is torn"
    test -z "$word" || tail -n 3 "$folder/$part" | grep -q -x -F -e "\\unrestrict $word" || torn "the part »$part« is torn"
done
{
    cat "$folder/pre" "$folder/data"
    for one in $tables; do
        echo "COPY public.${one%%:*} FROM stdin;"
        cat "$folder/${one%%:*}"
        echo '\.'
    done
    cat "$folder/post"
} >"$folder/whole"
mv "$folder/whole" "$target"
