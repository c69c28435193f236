/** Returns a text without what would move, hide or end its quotation: control and format characters, lines, quotation marks of its kind. */
export function quotable(text: string): string {
	return text.replace(/[\s\p{C}]+/gu, ' ').replace(/[“”]/g, '"');
}
