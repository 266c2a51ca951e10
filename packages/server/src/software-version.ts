/** Version of this server, that of its package. */
export const softwareVersion = '0.1.0'
