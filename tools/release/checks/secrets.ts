import { type Check, verdict } from './check';
import { find, type Forbidden } from './forbidden';

const SECRETS: readonly Forbidden[] = [
	{ what: 'an app key', pattern: /(?<![\w-])PS[A-Za-z0-9]{34}(?![\w-])/ },
	{
		what: 'an app secret',
		pattern: /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{160,200}={0,2}(?![A-Za-z0-9+/=])/,
	},
	{ what: 'a token', pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/ },
	{ what: 'a token of npm', pattern: /\bnpm_[A-Za-z0-9]{36}|:_authToken/ },
	{ what: 'a token of GitHub', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})/ },
	{ what: 'a key of AWS', pattern: /\bAKIA[0-9A-Z]{16}\b/ },
	{ what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
];

/** Nothing looks like a secret. */
export const secrets: Check = {
	name: 'secrets',
	run: (subject) =>
		verdict(
			SECRETS.map(({ what }) => what.replace(/^an? /, 'no ')).join(', '),
			find(subject, SECRETS),
		),
};
