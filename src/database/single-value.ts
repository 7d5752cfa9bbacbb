import type pg from 'pg';

/**
 * Asks for one text. The driver's own way has the database describe its answer, and makes objects of that and of the row, for every
 * statement anew: a third of a statement's cost in this process (docs/decisions/group-commit.md).
 *
 * @returns undefined where there is no row, or null in it
 */
export function valueOf(
  client: pg.ClientBase,
  sql: string,
  parameters: readonly string[],
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    client.query(
      new SingleValue(sql, parameters, (error, value) => {
        if (error) reject(error);
        else resolve(value);
      }),
    );
  });
}

/** A statement as the driver takes it from others ("Submittable"): it calls the methods, and `callback` once. */
class SingleValue implements pg.Submittable {
  private value: string | undefined;

  constructor(
    private readonly sql: string,
    private readonly parameters: readonly string[],
    // The driver puts its own around it, for its time limit.
    public callback: (error: Error | null, value?: string) => void,
  ) {}

  /** The extended query protocol without its Describe message, in one write. */
  submit(connection: pg.Connection): void {
    connection.stream.cork();
    connection.parse({ name: '', text: this.sql, types: [] }, true);
    connection.bind({ values: [...this.parameters] }, true);
    connection.execute(null, true);
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields: [value] }: { readonly fields: readonly (string | null)[] }): void {
    this.value = value ?? undefined;
  }

  handleCommandComplete(): void {
    // What there is to know has come with the row.
  }

  handleReadyForQuery(): void {
    this.callback(null, this.value);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}
