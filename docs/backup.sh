#!/bin/sh
# Writes a backup of a PostgreSQL database as SQL, with roll and ballots in the order of their keys:
#     docs/backup.sh postgresql://… FILE.sql
# pg_dump alone writes rows as they lie, and while a vote runs that is the order of voting. All of it is read in one
# snapshot, and nobody waits for it. It is restored with: psql -X -v ON_ERROR_STOP=1 -d postgresql://… -f FILE.sql
set -eu
umask 077
database=$1 target=$2
folder=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$folder"' EXIT
tables="roll_entry:question_id,participant_id ballot:question_id,voter_tag pending_leaf:question_id,commitment,kind"
without="" sorted=""
for one in $tables; do
    without="$without --exclude-table-data=public.${one%%:*}"
    sorted="$sorted
\\copy (SELECT * FROM public.${one%%:*} ORDER BY ${one#*:}) TO '$folder/${one%%:*}'"
done
export FOLDER="$folder" DATABASE="$database" WITHOUT="$without"
psql -X -q -A -t -v ON_ERROR_STOP=1 "$database" <<END
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\! pg_dump --snapshot="\$SNAPSHOT" --no-owner --section=pre-data -f "\$FOLDER/pre" "\$DATABASE"
\\! pg_dump --snapshot="\$SNAPSHOT" --no-owner --section=data \$WITHOUT -f "\$FOLDER/data" "\$DATABASE"
\\! pg_dump --snapshot="\$SNAPSHOT" --no-owner --section=post-data -f "\$FOLDER/post" "\$DATABASE"
$sorted
COMMIT;
END
for part in pre data post; do test -s "$folder/$part"; done
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
