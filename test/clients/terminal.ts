import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A terminal somebody sits at. */
export interface Terminal extends AsyncDisposable {
  /** Types a line and presses Enter. */
  type(line: string): Promise<void>
  /** What the screen shows. */
  screen(): Promise<string>
  /** Waits until the screen shows what is wanted, and returns it. */
  shows(wanted: RegExp): Promise<string>
  /** Resolves at the next change of the screen. */
  change(): Promise<void>
}

/**
 * Runs a program in tmux, which tells of every output: nothing is looked at again and again.
 *
 * @param folder - where it runs, and tmux has its socket
 */
export async function openTerminal(
  program: string,
  folder: string,
  env: Record<string, string>,
): Promise<Terminal> {
  const size = ['-x', '160', '-y', '60']
  const tmux = spawn(
    'tmux',
    ['-S', `${folder}/tmux`, '-f', '/dev/null', '-u', '-C', 'new-session', ...size, program],
    { cwd: folder, env: { ...process.env, TMUX: undefined, LANG: 'C.UTF-8', TERM: 'xterm', ...env } },
  )
  const ended = once(tmux, 'exit')
  const answers: ((lines: string[]) => void)[] = []
  const wakes: (() => void)[] = []
  let answer: string[] | undefined
  // `%begin` and `%end` are around each answer, in order; `%output` is the program's.
  createInterface({ input: tmux.stdout }).on('line', (line) => {
    if (/^%(end|error) /.test(line)) {
      answers.shift()?.(answer ?? [])
      answer = undefined
    } else if (answer) answer.push(line)
    else if (line.startsWith('%begin ')) answer = []
    else if (line.startsWith('%output ')) for (const wake of wakes.splice(0)) wake()
  })
  const command = (text: string) =>
    new Promise<string[]>((resolve) => {
      answers.push(resolve)
      tmux.stdin.write(`${text}\n`)
    })
  // The session itself is answered, too.
  await new Promise<string[]>((resolve) => answers.push(resolve))
  const screen = async () => (await command('capture-pane -p')).join('\n')
  const change = () => new Promise<void>((resolve) => wakes.push(resolve))
  return {
    async type(line) {
      await command(`send-keys -l '${line}'`)
      await command('send-keys Enter')
    },
    screen,
    change,
    async shows(wanted) {
      for (;;) {
        const changed = change()
        const shown = await screen()
        if (wanted.test(shown)) return shown
        await changed
      }
    },
    async [Symbol.asyncDispose]() {
      tmux.stdin.write('kill-server\n')
      await ended
    },
  }
}
