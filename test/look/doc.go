// Package look looks at what pullpass draws for a browser, in a browser.
package look
