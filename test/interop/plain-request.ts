import { Agent, type ClientRequest, request } from 'node:http'

/** As much of a browser's XMLHttpRequest as a BOSH client of its time needs. */
export class PlainRequest {
  onreadystatechange: (() => void) | null = null
  readyState = 0
  status = 0
  responseText = ''
  #sent: ClientRequest | undefined
  #url = ''
  #method = ''
  readonly #headers: Record<string, string> = {}

  open(method: string, url: string): void {
    this.#method = method
    this.#url = url
    this.#become(1)
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers[name] = value
  }

  send(body: string): void {
    const sent = request(this.#url, { method: this.#method, headers: this.#headers, agent }, (response) => {
      this.status = response.statusCode ?? 0
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        this.responseText += chunk
      })
      response.on('end', () => this.#become(4))
    })
    sent.on('error', () => {
      // As browsers do: a connection that was kept may be gone by now, which says nothing about the server.
      if (sent.reusedSocket && this.status === 0 && this.#sent === sent) {
        this.send(body)
        return
      }
      this.status = 0
      this.#become(4)
    })
    this.#sent = sent
    sent.end(body)
  }

  abort(): void {
    const sent = this.#sent
    this.#sent = undefined
    sent?.destroy()
  }

  get responseXML(): unknown {
    const parser = Reflect.get(globalThis, 'DOMParser') as new () => {
      parseFromString(text: string, type: string): unknown
    }
    return this.responseText === '' ? null : new parser().parseFromString(this.responseText, 'text/xml')
  }

  overrideMimeType(): void {}

  getAllResponseHeaders(): string {
    return ''
  }

  #become(state: number): void {
    this.readyState = state
    this.onreadystatechange?.()
  }
}

const agent = new Agent({ keepAlive: true, timeout: 90_000 })
