//! Whose rights a job of index_apply has: those of the role that has queued it, no more and no less.

use migrator_cluster_tests::{
    foreign::{assert_refused, value},
    jobs::{WARDS, indexes, queue, until, until_idle},
    private::Private,
};
use postgres::{Client, NoTls};

const CHOICE: &str = "CREATE INDEX beds ON wards (beds)";

/// A server with a table of a role that cannot log in, and two that can: one is a member.
fn server() -> Private {
    let server = Private::start(&[], "");
    let mut client = server.client();
    client
        .batch_execute(&format!(
            "{WARDS}
             CREATE ROLE keeper NOLOGIN;
             CREATE ROLE clerk LOGIN IN ROLE keeper;
             CREATE ROLE guest LOGIN;
             GRANT CREATE ON SCHEMA public TO keeper;
             ALTER TABLE wards OWNER TO keeper;
             GRANT SELECT ON wards TO guest;"
        ))
        .unwrap();
    server
}

fn connect(server: &Private, user: &str) -> Client {
    connect_to(server, user, "postgres")
}

fn connect_to(server: &Private, user: &str, database: &str) -> Client {
    let host = server.socket();
    Client::connect(&format!("host={host} user={user} dbname={database}"), NoTls).unwrap()
}

fn apply(concurrently: bool) -> String {
    format!("SELECT index_apply('wards', '{CHOICE}', {concurrently})")
}

#[test]
fn only_the_owner_changes_indexes() {
    let server = server();
    let mut guest = connect(&server, "guest");
    for concurrently in [false, true] {
        assert_refused(&mut guest, &apply(concurrently), "42501");
        let drop = format!("SELECT index_apply('wards', 'DROP INDEX wards_pkey', {concurrently})");
        assert_refused(&mut guest, &drop, "42501");
    }
    assert_eq!(indexes(&mut server.client()), ["wards_pkey"]);
}

#[test]
fn a_role_that_cannot_log_in_is_taken_over() {
    let server = server();
    let mut clerk = connect(&server, "clerk");
    clerk.batch_execute("SET ROLE keeper").unwrap();
    let job_id = queue(&mut clerk, CHOICE, "{}");
    until(&mut clerk, job_id, "done");
    let mut superuser = server.client();
    let sql = "SELECT j.role_name = 'keeper' AND c.relowner = 'keeper'::regrole
                 FROM migrator.index_jobs j JOIN pg_class c ON c.oid = j.index";
    assert!(value::<bool>(&mut superuser, sql));
    // Others' jobs are not seen.
    let count = "SELECT count(*) FROM migrator.index_jobs";
    assert_eq!(value::<i64>(&mut connect(&server, "guest"), count), 0);
}

#[test]
fn a_definers_function_has_the_definers_rights() {
    let server = server();
    let mut superuser = server.client();
    superuser
        .batch_execute(&format!(
            "CREATE FUNCTION build() RETURNS bigint LANGUAGE sql SECURITY DEFINER
                 SET search_path = public, pg_temp
                 AS $$SELECT job_id FROM index_apply('wards', '{CHOICE}', true)$$;
             ALTER FUNCTION build() OWNER TO keeper;"
        ))
        .unwrap();
    let mut guest = connect(&server, "guest");
    // It is the definer that logs in.
    let error = assert_refused(&mut guest, "SELECT build()", "55000");
    assert_eq!(error.detail(), Some("Role \"keeper\" is not permitted to log in."));
    // What roles have set for their sessions decides nothing.
    superuser
        .batch_execute(
            "ALTER ROLE keeper LOGIN;
             ALTER ROLE keeper SET search_path = nowhere;
             ALTER ROLE keeper SET default_transaction_read_only = on;
             ALTER ROLE keeper SET default_transaction_isolation = 'serializable';",
        )
        .unwrap();
    let job_id: i64 = value(&mut guest, "SELECT build()");
    until(&mut superuser, job_id, "done");
    assert_eq!(indexes(&mut superuser), ["beds", "wards_pkey"]);
}

#[test]
fn a_definers_function_has_no_other_rights() {
    let server = server();
    let mut superuser = server.client();
    // The elements of a literal are checked while the statement is analyzed, by the session's role.
    superuser
        .batch_execute(
            "CREATE ROLE mason LOGIN; GRANT CREATE ON SCHEMA public TO mason;
             SET ROLE mason;
             CREATE TABLE walls (id integer);
             CREATE TABLE caught (who text);
             CREATE FUNCTION trap(i integer) RETURNS boolean LANGUAGE plpgsql AS
                 $$BEGIN RESET ROLE; INSERT INTO public.caught VALUES (current_user); RETURN true; END$$;
             CREATE DOMAIN trapped AS integer CHECK (trap(VALUE));
             CREATE FUNCTION build() RETURNS bigint LANGUAGE sql SECURITY DEFINER
                 SET search_path = public, pg_temp
                 AS $$SELECT job_id FROM index_apply('walls',
                          'CREATE INDEX bricks ON walls (id) WHERE ''{1}''::trapped[] IS NOT NULL', true)$$;
             RESET ROLE;",
        )
        .unwrap();
    let job_id: i64 = value(&mut superuser, "SELECT build()");
    until(&mut superuser, job_id, "done");
    let sql = "SELECT count(*) > 0 AND bool_and(who = 'mason') FROM caught";
    assert!(value::<bool>(&mut superuser, sql));
}

#[test]
fn a_function_of_an_index_cannot_start_a_job() {
    let server = server();
    let mut superuser = server.client();
    superuser
        .batch_execute(
            "CREATE FUNCTION trap(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
                 $$BEGIN PERFORM public.index_apply('public.wards', 'CREATE INDEX ON public.wards (ward)', true); RETURN i; END$$;
             CREATE TABLE traps (id integer); ALTER TABLE traps OWNER TO keeper;
             INSERT INTO traps VALUES (1);",
        )
        .unwrap();
    assert_refused(&mut superuser, "CREATE INDEX ON traps (trap(id))", "42501");
}

#[test]
fn a_worker_that_could_not_connect_is_not_started() {
    let server = server();
    let mut superuser = server.client();
    superuser.batch_execute("SET SESSION AUTHORIZATION keeper").unwrap();
    let error = assert_refused(&mut superuser, &apply(true), "55000");
    let detail = "Role \"keeper\" is not permitted to log in.";
    assert_eq!(error.detail(), Some(detail));
    superuser.batch_execute("RESET SESSION AUTHORIZATION").unwrap();
    let mut clerk = connect(&server, "clerk");
    superuser.batch_execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC").unwrap();
    let error = assert_refused(&mut clerk, &apply(true), "55000");
    assert!(error.detail().is_some_and(|detail| detail.contains("CONNECT")), "{error:?}");
    superuser.batch_execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC").unwrap();
    let mut elsewhere = connect_to(&server, "postgres", "template1");
    elsewhere.batch_execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false").unwrap();
    let error = assert_refused(&mut clerk, &apply(true), "55000");
    elsewhere.batch_execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true").unwrap();
    let detail = "Database \"postgres\" does not accept connections.";
    assert_eq!(error.detail(), Some(detail));
    until_idle(&mut superuser);
}

#[test]
fn names_mean_what_they_mean_to_the_caller() {
    let server = server();
    let mut superuser = server.client();
    superuser
        .batch_execute(
            "CREATE SCHEMA apart;
             CREATE FUNCTION apart.twice(i integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2 * i';
             SET search_path = apart, public; SET maintenance_work_mem = '77MB';",
        )
        .unwrap();
    let job_id = queue(&mut superuser, "CREATE INDEX ON wards (twice(beds))", "{}");
    until(&mut superuser, job_id, "done");
    let sql = "SELECT options #>> '{settings,maintenance_work_mem}' FROM migrator.index_jobs";
    assert_eq!(value::<String>(&mut superuser, sql), "77MB");
}
